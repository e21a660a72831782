import json

import pytest

from ml.data.features import Encoder, Feature
from ml.errors import PipelineError
from ml.versions import registry

ENCODER = Encoder(
    (
        Feature("a", "DOUBLE", "number"),
        Feature("b", "BOOLEAN", "boolean"),
        Feature("c", "VARCHAR", "category"),
    )
)


def test_a_champion_whose_artifact_was_changed_does_not_score(world):
    world.train()
    world.sql("update ml.model_versions set artifact = 'x'::blob || artifact")
    with pytest.raises(PipelineError, match="was changed after it was made"):
        world.score()
    assert world.sql("from information_schema.tables where table_schema = 'predictions'") == []


def test_a_champion_made_with_another_scikit_learn_does_not_score(world):
    made = world.train()
    other = json.dumps({**json.loads(made.libraries), "scikit-learn": "0.24.2"})
    world.sql(f"update ml.model_versions set libraries = '{other}'")
    with pytest.raises(PipelineError, match=r"model@1 was made with scikit-learn 0\.24\.2"):
        world.score()


def test_the_mapping_of_a_version_survives_its_json(world):
    world.sql("""update gold.trn set c = 'q"' || chr(1) || chr(10) || '☃' where c = 'red'""")
    made = world.train()
    kept = registry.load(world.conn, registry.champion(world.conn, "model")).encoder
    assert kept.to_json() == made.features
    assert 'q"\x01\n☃' in kept.features[2].categories
