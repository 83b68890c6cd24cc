// Empty on purpose: see tools/horovod/README.md.
