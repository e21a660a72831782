"""A model of the current release tried in a notebook: `marimo edit try_a_model.py`.

It reads the release of the project in GOLDLOOP_PROJECT_DIR, or in the working folder, and writes
nothing there. `marimo export html try_a_model.py -o page.html --no-include-code` makes a page of
it, which fetches marimo's own scripts when opened; without a network: `marimo run try_a_model.py`.
"""

import marimo

app = marimo.App(app_title="Try a model on the current release")


@app.cell
def _():
    import marimo as mo

    import ml

    release = ml.connect()
    names = sorted(release.declared)
    chosen = mo.ui.dropdown(names, value=names[-1], label="model")
    mo.md(
        f"""
        # Try a model on the current release

        This reads release `{release.id}` of `{release.folder.name}`. What is trained here is kept
        in memory and gone with the notebook: readers and runs see nothing of it.

        {chosen}
        """
    )
    return chosen, mo, release


@app.cell
def _(chosen, mo, release):
    # As declared, it is the version that the release has: nothing is trained again.
    declared = release.train(chosen.value)
    _problem = release.spec(chosen.value).problem
    _how = "is what the release has" if declared.reused else "was trained here, for data changed"
    mo.md(
        f"""
        ## As it is declared

        **{_problem.question}** {_problem.decision}

        `{declared.name}` ({declared.estimator}, {declared.status}) {_how}: it learnt from
        {declared.train_rows:,} rows, and {declared.test_rows:,} were held out.
        """
    )
    return (declared,)


@app.cell
def _(chosen, mo, release):
    # Another estimator on the same rows; everything else is as declared.
    meta = release.spec(chosen.value).model_dump(
        mode="json", by_alias=True, exclude_unset=True, exclude={"name", "file"}
    )
    meta["estimator"] = {"preset": "random_forest", "params": {"n_estimators": 20}}
    tried = release.train(meta, name="tried")
    _falls = "**falls short of**" if tried.status == "rejected" else "**meets**"
    mo.md(
        f"""
        ## With another estimator

        A `random_forest` of 20 trees {_falls} the same criteria.
        {tried.reason or ""}
        """
    )
    return (tried,)


@app.cell
def _(declared, mo, release, tried):
    judged = {
        model: {
            metric: (value, low, high)
            for _, _, metric, value, low, high, _ in release.evaluate(model)
            .filter("data = 'test' and segment = 'all' and value is not null")
            .order("metric")
            .fetchall()
        }
        for model in (declared.model, tried.model)
    }

    def _told(value, low, high):
        return f"{value:.4f}" if low is None else f"{value:.4f} ({low:.4f} to {high:.4f})"

    _rows = [
        {
            "metric": metric,
            declared.name: _told(*bounds),
            "random_forest": _told(*judged[tried.model].get(metric, (float("nan"), None, None))),
        }
        for metric, bounds in judged[declared.model].items()
    ]
    mo.vstack(
        [
            mo.md("## Beside each other, on the rows held out (95 % intervals)"),
            mo.ui.table(_rows, selection=None, pagination=False),
        ]
    )
    return (judged,)


@app.cell
def _(chosen, mo, release):
    predictions = release.score(chosen.value).to_arrow_table()
    mo.vstack(
        [
            mo.md(f"## What `{chosen.value}` tells: {predictions.num_rows:,} predictions"),
            mo.ui.table(predictions.slice(0, 10).to_pylist(), selection=None, pagination=False),
        ]
    )
    return (predictions,)


if __name__ == "__main__":
    app.run()
