// Surface statistics of every head, as `insidebert.measure.surface` computes them (Clark et al. 2019, section 3).

export const STATISTICS = [
  "to self", "to next", "to previous", "to [CLS]", "to [SEP]", "to . or ,", "[SEP] to [SEP]", "other to [SEP]",
  "entropy", "entropy from [CLS]", "norm to [CLS]", "norm to [SEP]", "norm to . or ,", "largest share",
];
const SMOOTHING = 1e-4;

/**
 * @param {Maps} maps of one sentence
 * @param {Float32Array} norms [layers, heads, T]
 * @param {string[]} pieces [T]
 * @returns {Object<string, number>[][]} layer -> head -> statistic -> value: shares, entropies in nats
 */
export function surface(maps, norms, pieces) {
  const kinds = pieces.map((piece) => ({ "[CLS]": 0, "[SEP]": 1, ".": 2, ",": 2 })[piece] ?? 3);
  return each(maps.layers, (layer) => each(maps.heads, (head) => {
    const from = (layer * maps.heads + head) * maps.size;
    return ofHead(maps.of(layer, head), norms.subarray(from, from + maps.size), kinds);
  }));
}

const each = (count, make) => Array.from({ length: count }, (_, index) => make(index));
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function ofHead(map, norms, kinds) {
  const size = kinds.length;
  const rows = each(size, (i) => ofRow(map.subarray(i * size, (i + 1) * size), norms, kinds));
  const named = (name, chosen = rows) => mean(chosen.map((row) => row[name]));
  const separators = rows.filter((_, place) => kinds[place] === 1);
  const others = rows.filter((_, place) => kinds[place] !== 1);
  const diagonal = (offset) => each(size - Math.abs(offset), (i) =>
    map[(i + Math.max(0, -offset)) * size + i + Math.max(0, offset)]);
  const values = [
    mean(diagonal(0)), mean(diagonal(1)), mean(diagonal(-1)),
    named(0), named(1), named(2), named(1, separators), named(1, others),
    named("entropy"), named("entropy", rows.filter((_, place) => kinds[place] === 0)),
    named("norm0"), named("norm1"), named("norm2"), named("most"),
  ];
  return Object.fromEntries(STATISTICS.map((name, place) => [name, values[place]]));
}

function ofRow(row, norms, kinds) {
  const sums = { 0: 0, 1: 0, 2: 0, 3: 0, norm0: 0, norm1: 0, norm2: 0, norm3: 0, entropy: 0, most: 0 };
  row.forEach((share, place) => {
    sums[kinds[place]] += share;
    sums[`norm${kinds[place]}`] += share * norms[place];
    sums.most = Math.max(sums.most, share);
    const smooth = share * (1 - SMOOTHING) + SMOOTHING / row.length;
    sums.entropy -= smooth * Math.log(smooth);
  });
  const moved = sums.norm0 + sums.norm1 + sums.norm2 + sums.norm3;
  for (const kind of [0, 1, 2]) sums[`norm${kind}`] /= moved;
  return sums;
}
