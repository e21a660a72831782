from ml.versions import cards

LOOSER = {"problem.success": [{"metric": "roc_auc", "at_least": 0.55}]}


def known(world):
    return cards.cards(world.conn, "model")


def test_the_card_is_written_down_once(world):
    world.train()
    world.train(run="run-2")
    (card,) = known(world)
    assert (card.first_run, card.seen_versions, card.changed, card.warning) == (
        "run-1", 0, {}, None,
    )  # fmt: skip
    assert card.card["question"] == "will it"
    assert card.card["success"][0]["at_least"] == 0.6


def test_a_change_after_results_were_seen_is_told(world):
    world.train()
    world.train({"estimator.seed": 1})
    world.train(LOOSER, run="run-3")
    first, second = known(world)
    assert first.warning is None
    assert second.seen_versions == 2
    assert second.changed == {"success[0].at_least": [0.6, 0.55]}
    assert second.warning == (
        "the problem card of model was changed on 2026-01-01 00:00 UTC, after 2 versions had been "
        "judged under the one before: success[0].at_least: 0.6 → 0.55"
    )


def test_a_card_is_counted_by_the_versions_under_it_alone(world):
    world.train()
    world.train(LOOSER)
    world.train()
    assert [each.seen_versions for each in known(world)] == [0, 1, 1]


def test_a_change_of_words_is_a_change_though_nothing_is_trained(world):
    world.train()
    assert world.train({"problem.question": "in other words"}).reused
    assert known(world)[-1].changed == {"question": ["will it", "in other words"]}


def test_criteria_that_come_and_go_are_told(world):
    world.train(
        {
            "problem.success": [
                {"metric": "roc_auc", "at_least": 0.6},
                {"metric": "f1", "at_least": 0.1},
            ]
        }
    )
    world.train()
    changed = known(world)[-1].changed
    assert changed == {"success[1]": [{"metric": "f1", "at_least": 0.1, "judge": "bound"}, None]}
    assert known(world)[-1].warning.endswith("→ nothing")
