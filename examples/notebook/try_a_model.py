"""A model of the current release tried in a notebook: `marimo edit try_a_model.py`.

It reads the release of the project in GOLDLOOP_PROJECT_DIR, or in the working folder, and writes
nothing there.
"""

import marimo

app = marimo.App(app_title="Try a model on the current release")


@app.cell
def _():
    import ml

    release = ml.connect()
    name = sorted(release.declared)[0]
    return name, release


@app.cell
def _(name, release):
    # As declared, it is the version that the release has: nothing is trained again.
    declared = release.train(name)
    return (declared,)


@app.cell
def _(declared, name, release):
    # Another estimator on the same rows, judged beside the champion there is; kept in memory only.
    meta = release.spec(name).model_dump(
        mode="json", by_alias=True, exclude_unset=True, exclude={"name", "file"}
    )
    meta["estimator"] = {"preset": "random_forest", "params": {"n_estimators": 20}}
    tried = release.train(meta, name="tried")
    (declared.status, tried.status)
    return (tried,)


@app.cell
def _(name, release, tried):
    judged = {
        model: release.evaluate(model).filter("data = 'test' and segment = 'all'").fetchall()
        for model in (name, tried.model)
    }
    judged
    return (judged,)


@app.cell
def _(name, release):
    predictions = release.score(name).to_arrow_table()
    predictions
    return (predictions,)


if __name__ == "__main__":
    app.run()
