"""Runs to report on: a promoted classifier, a beaten regression, a constant, and the barest run."""

import numpy as np

from farandole.report import ReportData, thumbnail
from farandole.report.evidence import (
    Bin,
    Calibration,
    ChampionComparison,
    ClassReport,
    Comparison,
    Confusion,
    Decision,
    Interval,
    Residuals,
    Roc,
    Scored,
)
from farandole.report.sections import (
    Asked,
    ColumnSummary,
    Cost,
    DataSummary,
    Drift,
    Efficiency,
    Epoch,
    Fact,
    Learning,
    Mistake,
    Registered,
    Sample,
    Shift,
    Skipped,
    Spent,
    SplitRows,
    Trial,
    Tuning,
    Wire,
)

IDENTITY = "3f9c2ab1d47e6058c1b2a9f04e5d7c6b8a9f1e2d3c4b5a69788796a5b4c3d2e1"
DOCUMENT = """\
apiVersion: farandole.dev/v1alpha1
kind: Model
metadata: {name: stamps}
spec:
  recipe:
    task: {kind: ImageClassification}
    data: {images: samples/stamps}
    features: {network: EfficientNetLite0}
"""


def picture(seed: int, side: int = 120) -> str:
    """A thumbnail of soft coloured waves, another one for each seed."""
    y, x = np.mgrid[0:side, 0:side] / side
    phase = np.random.default_rng(seed).random(6) * 6
    waves = [np.sin(phase[at] + 5 * x + phase[at + 3] * y) for at in range(3)]
    return thumbnail(((np.stack(waves, axis=-1) + 1) * 127).astype(np.uint8))


def two_ranks() -> Efficiency:
    """Where 18.3 s of two ranks went."""
    return Efficiency(
        ranks=2,
        steps=1200,
        rows="images",
        total=18.3,
        seconds={
            "compute": 11.9,
            "input": 0.4,
            "reduction": 1.3,
            "waiting": 0.9,
            "tracing": 1.6,
            "validation": 1.4,
            "checkpoint": 0.2,
            "digest": 0.002,
            "resume": 0.0,
            "other": 0.598,
        },
        step_seconds=0.0121,
        rows_per_second=4196.7,
        parallel=0.848,
        reduction_seconds=0.00108,
        bytes_per_step=328_456,
        wire=Wire(latency_seconds=0.00026, bytes_per_second=2.56e9),
        wire_seconds=0.00065,
        of_wire=0.6,
        cost=Cost(amount=0.0254, currency="EUR", price=2.5),
    )


def gain(difference: float, low: float, high: float) -> Interval:
    return Interval(difference=difference, low=low, high=high, confidence=0.95)


def scored(
    name: str,
    title: str,
    value: tuple[float, float, float],
    over: Interval | None = None,
    gates: bool = True,
) -> Scored:
    low, middle, high = value
    return Scored(name=name, title=title, value=middle, low=low, high=high, gates=gates, gain=over)


def facts(**values: str) -> tuple[Fact, ...]:
    return tuple(Fact(name=name.replace("_", " "), value=value) for name, value in values.items())


def against_pixels() -> Comparison:
    return Comparison(
        metric="balancedAccuracy",
        title="balanced accuracy",
        higher_is_better=True,
        confidence=0.95,
        rows=215,
        clusters=212,
        candidate=scored("model", "the trained model", (0.927, 0.957, 0.982), gates=False),
        rivals=(
            scored(
                "dummy",
                "always the most frequent class",
                (0.5, 0.5, 0.5),
                gain(0.457, 0.427, 0.482),
            ),
            scored(
                "linear",
                "logistic regression on 32x32 raw pixels",
                (0.775, 0.828, 0.877),
                gain(0.129, 0.071, 0.190),
            ),
            scored(
                "size",
                "logistic regression on width, height and file size",
                (0.669, 0.73, 0.788),
                gain(0.227, 0.164, 0.291),
                gates=False,
            ),
            scored(
                "probe",
                "logistic regression on the same features",
                (0.932, 0.961, 0.985),
                gain(-0.004, -0.022, 0.014),
                gates=False,
            ),
        ),
        sentence="balanced accuracy 0.957; best baseline (...) 0.828",
    )


def promoted() -> ReportData:
    """The first example with everything there is."""
    random = np.random.default_rng(0)
    curve = np.linspace(0, 1, 60)
    return ReportData(
        name="stamps",
        task="ImageClassification",
        identity=IDENTITY,
        finished="23 November 2025, 07:41 UTC",
        decision=Decision(
            promote=True,
            verdict="Promoted",
            headline="Promoted: balanced accuracy 0.957, 0.129 above the best baseline "
            "(95 % interval 0.071 to 0.190).",
            reasons=(
                "Balanced accuracy 0.957; best baseline (logistic regression on 32x32 raw pixels) "
                "0.828; difference 0.129, 95 % interval [0.071, 0.190] over 212 clusters.",
                "Balanced accuracy 0.957; champion (version 2) 0.931; difference 0.026, 95 % "
                "interval [0.004, 0.049] over 61 clusters that neither has seen.",
            ),
            comparison=against_pixels(),
            champion=ChampionComparison(
                version="2",
                comparable=True,
                rows=61,
                clusters=61,
                candidate=0.957,
                champion=0.931,
                gain=gain(0.026, 0.004, 0.049),
                minimum_gain=0.0,
                sentence="",
            ),
        ),
        registered=Registered(model="stamps", version="3", alias="champion"),
        cross_fitted="Evaluated by 5-fold cross-fitting, every row held out once, because the test "
        "split has 32 rows, fewer than 200, and it has fewer than 20 rows of food-and-plants (13); "
        "the registered model is then fitted on all train rows.",
        split_decisions=3,
        notices=(
            "Width, height and file size alone tell the classes apart: balanced accuracy 0.730, "
            "difference to the dummy 0.230, 95 % interval [0.168, 0.288]. The classes may have "
            "been collected in different ways; a model that learns that will fail on new "
            "pictures.",
        ),
        asked=Asked(
            document=DOCUMENT,
            summary=facts(
                task="image classification",
                features="EfficientNetLite0, pooled, ImageNet weights",
                network="one linear layer to 2 classes",
                optimizer="Adam, learning rate 0.001",
                batch="64 rows in 64 lanes",
                epochs="at most 30, stops after 5 without gain",
                metric="balanced accuracy",
                promotion="automatic, alias champion",
            ),
        ),
        data=DataSummary(
            facts=facts(
                source="samples/stamps",
                data_digest="9b1c77f0a2d4",
                rows="215 pictures",
                duplicates="3 near-duplicate clusters of 6 pictures",
            ),
            splits=(
                SplitRows(
                    name="train", rows=152, asked=0.7, counts={"animals": 90, "food-and-plants": 62}
                ),
                SplitRows(
                    name="validation",
                    rows=31,
                    asked=0.15,
                    counts={"animals": 18, "food-and-plants": 13},
                ),
                SplitRows(
                    name="test", rows=32, asked=0.15, counts={"animals": 19, "food-and-plants": 13}
                ),
            ),
            samples=tuple(
                Sample(image=picture(at), label=label, path=f"{label}/{at:03d}.png")
                for label in ("animals", "food-and-plants")
                for at in range(8)
            ),
            skipped=(
                Skipped(path="animals/notes.jpg", reason="not an image: it is a text file"),
                Skipped(path="food-and-plants/melon.png", reason="truncated after 812 bytes"),
            ),
            skipped_rows=2,
            ignored={"hidden files": 2, "files that are no images": 1},
        ),
        drift=Drift(
            sentence="The data have moved a little since version 2 was trained.",
            shifts=(
                Shift(
                    name="animals",
                    kind="class share",
                    before="61.2 %",
                    now="59.1 %",
                    measure=0.002,
                    level="none",
                ),
                Shift(
                    name="feature 812",
                    kind="feature mean",
                    before="0.41",
                    now="0.66",
                    measure=0.17,
                    level="some",
                ),
                Shift(
                    name="brightness",
                    kind="column",
                    before="0.52",
                    now="0.71",
                    measure=0.31,
                    level="much",
                ),
            ),
        ),
        learning=Learning(
            history=tuple(
                Epoch(
                    epoch=at + 1,
                    train={
                        "loss": 0.12 + 0.6 * 0.8**at + 0.01 * random.random(),
                        "accuracy": 0.985 - 0.4 * 0.75**at,
                    },
                    validation={
                        "loss": 0.17 + 0.5 * 0.8**at + 0.012 * random.random() + 0.001 * at,
                        "accuracy": 0.96 - 0.35 * 0.75**at + 0.01 * random.random(),
                    },
                )
                for at in range(24)
            ),
            best_epoch=19,
            sentence="Stopped early after epoch 24: validation loss had not improved for 5 "
            "epochs. The weights of epoch 19 were kept.",
        ),
        tuning=Tuning(
            metric="balancedAccuracy",
            higher_is_better=True,
            trials=tuple(
                Trial(
                    number=at,
                    parameters={
                        "training.optimizer.adam.learningRate": float(10 ** random.uniform(-4, -1))
                    }
                    if at
                    else {},
                    value=None if at == 6 else 0.9 + 0.06 * float(random.random()),
                    failure="loss is not finite at step 12" if at == 6 else "",
                )
                for at in range(12)
            ),
            chosen=0,
            sentence="12 trials on validation rows. The best one is not distinguishable from the "
            "document's own parameters (95 % interval [-0.031, 0.062]), so those were kept.",
        ),
        metrics={
            "balancedAccuracy": 0.957,
            "accuracy": 0.958,
            "f1Macro": 0.957,
            "logLoss": 0.131,
            "rocAuc": 0.991,
        },
        threshold=0.5,
        confusion=Confusion(
            classes=("animals", "food-and-plants"),
            counts=((122, 5), (4, 84)),
            each=(
                ClassReport(name="animals", precision=0.968, recall=0.961, f1=0.964, rows=127),
                ClassReport(
                    name="food-and-plants", precision=0.944, recall=0.955, f1=0.949, rows=88
                ),
            ),
        ),
        roc=(
            Roc(
                name="food-and-plants",
                false_positive_rate=tuple(curve),
                true_positive_rate=tuple(curve**0.08),
                area=0.991,
            ),
        ),
        calibration=Calibration(
            of="food-and-plants",
            bins=tuple(
                Bin(
                    low=low / 10, high=low / 10 + 0.1, stated=low / 10 + 0.05, observed=seen, rows=n
                )
                for low, seen, n in (
                    (0, 0.01, 101),
                    (1, 0.1, 14),
                    (3, 0.43, 6),
                    (5, 0.5, 4),
                    (7, 0.9, 9),
                    (9, 0.98, 81),
                )
            ),
            expected_error=0.021,
        ),
        mistakes=tuple(
            Mistake(
                path=f"{true}/birds/a-rather-long-name-{at}.png",
                true=true,
                predicted=said,
                probability=0.98 - 0.05 * at,
                image=picture(100 + at),
            )
            for at, (true, said) in enumerate([("animals", "food-and-plants")] * 5)
        ),
        spent=(
            Spent(phase="prepare", seconds=6.1),
            Spent(phase="featurize", seconds=31.4),
            Spent(phase="tune", seconds=48.8),
            Spent(phase="train", seconds=22.9),
            Spent(phase="evaluate", seconds=41.0),
            Spent(phase="register", seconds=18.2),
        ),
        efficiency=two_ranks(),
        lineage=facts(
            data_digest="9b1c77f0a2d4" * 5 + "ab12",
            git_commit="82f240f6c1a9 (clean)",
            registered_version="stamps version 3",
            ranks="2",
            python="3.11.9",
            tensorflow="2.21.0",
            keras="3.15.1",
            horovod="0.28.1",
            scikit_learn="1.9.1",
        ),
    )


def baseline_won() -> ReportData:
    """A regression that ridge regression does better."""
    random = np.random.default_rng(1)
    true = np.exp(random.normal(12.02, 0.38, 400))
    said = true * np.exp(random.normal(0, 0.14, 400))
    return ReportData(
        name="house-prices",
        task="TabularRegression",
        identity=IDENTITY[::-1],
        finished="23 November 2025, 07:52 UTC",
        decision=Decision(
            promote=False,
            verdict="BaselineWon",
            headline="Not promoted: the linear baseline was not clearly beaten (RMSE 24,930 "
            "against the model's 24,310).",
            reasons=(
                "RMSE 24,310; best baseline (ridge regression on the same encoded columns) 24,930; "
                "improvement 620, 95 % interval [-1,480, 2,590] over 438 clusters.",
            ),
            comparison=Comparison(
                metric="rmse",
                title="RMSE",
                higher_is_better=False,
                confidence=0.95,
                rows=439,
                clusters=438,
                candidate=scored("model", "the trained model", (21040, 24310, 27980), gates=False),
                rivals=(
                    scored(
                        "dummy",
                        "always the mean of the target",
                        (70010, 79820, 89720),
                        gain(55510, 47200, 63750),
                    ),
                    scored(
                        "linear",
                        "ridge regression on the same encoded columns",
                        (21920, 24930, 28010),
                        gain(620, -1480, 2590),
                    ),
                ),
                sentence="",
            ),
        ),
        asked=Asked(
            document=DOCUMENT,
            summary=facts(
                task="table regression",
                target="Sale_Price, learnt as its logarithm",
                network="2 dense layers of 64 units, relu",
                metric="RMSE",
            ),
        ),
        data=DataSummary(
            facts=facts(source="samples/ames/ames.csv", rows="2,930"),
            splits=(
                SplitRows(name="train", rows=2052, asked=0.7),
                SplitRows(name="validation", rows=439, asked=0.15),
                SplitRows(name="test", rows=439, asked=0.15),
            ),
            columns=(
                ColumnSummary(name="Sale_Price", kind="numeric", role="target", distinct=1032),
                ColumnSummary(
                    name="PID",
                    kind="idLike",
                    distinct=2930,
                    notice="every value is different: left out, as it can only be learnt by heart",
                ),
                ColumnSummary(name="Gr_Liv_Area", kind="numeric", distinct=1292),
                ColumnSummary(name="Neighborhood", kind="categorical", distinct=28),
                ColumnSummary(name="Lot_Frontage", kind="numeric", missing=490, distinct=128),
            ),
        ),
        learning=Learning(
            history=tuple(
                Epoch(
                    epoch=at + 1,
                    train={"loss": 0.02 + 1.2 * 0.7**at},
                    validation={"loss": 0.027 + 1.1 * 0.7**at},
                )
                for at in range(30)
            ),
            best_epoch=30,
            sentence="Trained for all 30 epochs; the weights of epoch 30 were kept.",
        ),
        metrics={"rmse": 24310.0, "mae": 15870.0, "r2": 0.907, "rmseLog": 0.131},
        residuals=Residuals(
            true=tuple(true),
            predicted=tuple(said),
            quantiles={
                "0.05": -31_200.0,
                "0.25": -9_870.0,
                "0.5": -410.0,
                "0.75": 8_990.0,
                "0.95": 30_400.0,
            },
        ),
        mistakes=tuple(
            Mistake(
                path=f"ames.csv:{1400 + at}",
                true=f"{184_750 + 1000 * at:,}",
                predicted=f"{412_300 - 9000 * at:,}",
                columns={
                    "Gr_Liv_Area": f"{5642 - 300 * at:,}",
                    "Neighborhood": "Edwards",
                    "Overall_Cond": "Average",
                    "Year_Built": "2008",
                },
            )
            for at in range(6)
        ),
        spent=tuple(
            Spent(phase=phase, seconds=seconds)
            for phase, seconds in (("prepare", 2.1), ("featurize", 0.9), ("train", 14.2))
        ),
        lineage=facts(git_commit="82f240f6c1a9", tensorflow="2.21.0"),
    )


def constant() -> ReportData:
    """A network that says one class of every row."""
    full = promoted()
    comparison = against_pixels()
    return full.model_copy(
        update={
            "decision": Decision(
                promote=False,
                verdict="ConstantPredictor",
                headline="Not promoted: the model says animals for 215 of 215 rows; their true "
                "classes are animals 127, food-and-plants 88.",
                reasons=(
                    "The model says animals for 215 of 215 rows; their true classes are animals "
                    "127, food-and-plants 88.",
                    "Balanced accuracy 0.500; best baseline (logistic regression on 32x32 raw "
                    "pixels) 0.828; difference -0.328, 95 % interval [-0.377, -0.275] over 212 "
                    "clusters.",
                ),
                comparison=comparison.model_copy(
                    update={
                        "candidate": scored(
                            "model", "the trained model", (0.5, 0.5, 0.5), gates=False
                        ),
                        "rivals": (
                            scored(
                                "dummy",
                                "always the most frequent class",
                                (0.5, 0.5, 0.5),
                                gain(0, 0, 0),
                            ),
                            scored(
                                "linear",
                                "logistic regression on 32x32 raw pixels",
                                (0.775, 0.828, 0.877),
                                gain(-0.328, -0.377, -0.275),
                            ),
                        ),
                    }
                ),
            ),
            "registered": None,
            "confusion": Confusion(
                classes=("animals", "food-and-plants"),
                counts=((127, 0), (88, 0)),
                each=(
                    ClassReport(name="animals", precision=0.591, recall=1, f1=0.743, rows=127),
                    ClassReport(name="food-and-plants", precision=0, recall=0, f1=0, rows=88),
                ),
            ),
            "tuning": None,
            "drift": None,
            "notices": (),
        }
    )


def barest() -> ReportData:
    """Only what every run has; predictions that are not numbers."""
    sentence = "32 of 32 predictions are not finite numbers."
    return ReportData(
        name="diverged",
        task="ImageClassification",
        identity=IDENTITY,
        finished="23 November 2025, 08:03 UTC",
        decision=Decision(
            promote=False,
            verdict="NotFinite",
            headline=f"Not promoted: {sentence}",
            reasons=(f"{sentence} Lower the learning rate, or clip the gradient (clipNorm).",),
        ),
        asked=Asked(document=DOCUMENT, summary=()),
        data=DataSummary(facts=(), splits=()),
    )
