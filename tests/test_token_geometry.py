"""Token geometry and representational similarity: hand-computed cases, literal loops, invariants, bad inputs."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_samples

from insidebert.errors import InputError
from insidebert.measure import token_geometry as geometry
from insidebert.measure.representation_similarity import representation_similarity


def made(layers=3, tokens=12, width=7, seed=0):
    return np.random.default_rng(seed).normal(size=(layers, tokens, width)) + 3.0


def test_components_of_each_layer_are_those_of_scikit_learn_but_for_the_sign():
    states = made()
    found = geometry.principal_components(states)
    for layer, points, explained in zip(states, found.points, found.explained, strict=True):
        other = PCA(2).fit(layer)
        np.testing.assert_allclose(np.abs(points), np.abs(other.transform(layer)), atol=1e-9)
        np.testing.assert_allclose(explained, other.explained_variance_ratio_, atol=1e-9)


def test_components_of_all_layers_are_one_plane():
    states = made()
    found = geometry.principal_components(states, together=True)
    other = PCA(2).fit(states.reshape(-1, states.shape[2])).transform(states.reshape(-1, states.shape[2]))
    np.testing.assert_allclose(np.abs(found.points.reshape(-1, 2)), np.abs(other), atol=1e-9)
    assert (found.explained.sum(1) < geometry.principal_components(states).explained.sum(1)).all()


def test_components_agree_in_sign_with_the_layer_below():
    states = made()[:1].repeat(4, axis=0) * np.array([1, -1, 1, -1])[:, None, None]
    points = geometry.principal_components(states).points
    np.testing.assert_allclose(points, points[:1].repeat(4, axis=0), atol=1e-9)


@pytest.mark.parametrize("components", [0, 8])
def test_more_components_than_dimensions_are_refused(components):
    with pytest.raises(InputError, match="components of 12 tokens in 7 dimensions"):
        geometry.principal_components(made(), components)


def test_z_scores_have_mean_0_and_variance_1_and_a_constant_dimension_is_0():
    states = made()
    states[..., 0] = 5.0
    found = geometry.z_scored(states)
    np.testing.assert_allclose(found.mean(1), 0, atol=1e-9)
    np.testing.assert_allclose(found.std(1)[:, 1:], 1)
    assert (found[..., 0] == 0).all()


def test_one_large_dimension_rules_distances_until_they_are_z_scored():
    rng = np.random.default_rng(0)
    states = rng.normal(size=(1, 30, 20))
    marked = np.arange(30) < 15
    states[0, marked, 1:] += 1.0
    states[..., 0] = 100.0 * (-1) ** np.arange(30)
    raw, scaled = (geometry.silhouette(geometry.distances(s), marked)[0] for s in (states, geometry.z_scored(states)))
    assert raw < 0.1 < scaled


def test_distances_equal_the_literal_loop():
    states = made() * 1e3
    found = geometry.distances(states)
    for layer, own in zip(states, found, strict=True):
        expected = [[np.linalg.norm(a - b) for b in layer] for a in layer]
        np.testing.assert_allclose(own, expected, atol=1e-6)


def test_silhouette_equals_scikit_learn_over_the_marked():
    states, marked = made(), np.arange(12) % 3 == 0
    found = geometry.silhouette(geometry.distances(states), marked)
    expected = [silhouette_samples(layer, marked.astype(int))[marked].mean() for layer in states]
    np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("marked", [np.zeros(12, bool), np.ones(12, bool), np.arange(12) == 3])
def test_silhouette_of_no_group_is_no_number(marked):
    assert np.isnan(geometry.silhouette(geometry.distances(made()), marked)).all()


def test_separation_by_hand():
    places = np.array([0.0, 2.0, 10.0, 12.0])
    apart = np.abs(places[:, None] - places)[None]
    pairs = [2, 10, 12, 8, 10, 2]
    assert geometry.separation(apart, np.array([0, 0, 1, 1], bool))[0] == pytest.approx(9 / np.mean(pairs))
    assert np.isnan(geometry.separation(apart, np.zeros(4, bool)))[0]
    assert np.isnan(geometry.separation(np.zeros((1, 4, 4)), np.array([0, 0, 1, 1], bool)))[0]


def test_measures_do_not_heed_rotation_and_scale():
    states, marked = made(), np.arange(12) < 4
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(7, 7)))[0]
    for measure in (geometry.silhouette, geometry.separation):
        one, other = (measure(geometry.distances(s), marked) for s in (states, 5 * states @ turn + 2))
        np.testing.assert_allclose(one, other)


def test_nearest_alike_counts_only_words_that_occur_again():
    places = np.array([0.0, 1.0, 5.0, 6.0, 50.0])
    apart = np.abs(places[:, None] - places)[None]
    assert geometry.nearest_alike(apart, np.array([7, 7, 8, 9, 8]))[0] == pytest.approx(2 / 4)
    assert np.isnan(geometry.nearest_alike(apart, np.arange(5)))[0]


def test_purity_of_clusters_that_are_the_groups_is_1_and_of_noise_is_chance():
    groups = np.repeat(np.arange(4), 25)
    clear = (groups[:, None] * 10 + np.random.default_rng(0).normal(size=(100, 3)))[None]
    noise = np.random.default_rng(0).normal(size=(1, 100, 3))
    assert geometry.cluster_purity(clear, groups)[0, 0] > 0.99
    found = geometry.cluster_purity(noise, groups)[0]
    assert found[0] == pytest.approx(found[1], abs=0.08)
    assert 0.25 < found[1] < 0.5
    assert np.isnan(geometry.cluster_purity(noise, np.zeros(100, int))).all()


def test_states_of_another_shape_or_not_finite_are_refused():
    with pytest.raises(InputError, match="of 2 axes"):
        geometry.distances(np.zeros((3, 4)))
    with pytest.raises(InputError, match="NaN or infinite"):
        geometry.z_scored(np.full((1, 3, 2), np.nan))


def test_similarity_equals_the_literal_loop():
    one, other = made(seed=0), made(seed=1, width=5)
    found = representation_similarity(one, other)
    for layer in range(3):
        pairs = [(a, b) for a in range(12) for b in range(a + 1, 12)]
        cosines = [
            [s[a] @ s[b] / np.linalg.norm(s[a]) / np.linalg.norm(s[b]) for a, b in pairs]
            for s in (one[layer], other[layer])
        ]
        assert found[layer] == pytest.approx(np.corrcoef(cosines)[0, 1])


def test_similarity_to_itself_is_1_and_what_changes_at_the_top_is_seen_there():
    one = made()
    other = one.copy()
    other[2] = made(seed=5)[2] - 3.0
    found = representation_similarity(one, other)
    np.testing.assert_allclose(found[:2], 1)
    assert found[2] < 0.5
    assert np.isnan(representation_similarity(np.ones((1, 4, 2)), made(1, 4, 2)))[0]


def test_states_of_other_tokens_are_refused():
    with pytest.raises(InputError, match="of the same tokens"):
        representation_similarity(made(tokens=12), made(tokens=11))
    with pytest.raises(InputError, match="at least three"):
        representation_similarity(made(tokens=2), made(tokens=2))
    with pytest.raises(InputError, match="NaN"):
        representation_similarity(made(), made() * np.nan)
