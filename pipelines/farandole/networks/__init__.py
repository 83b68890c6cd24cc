"""Networks: pretrained and declared, their optimizers, losses and export."""
