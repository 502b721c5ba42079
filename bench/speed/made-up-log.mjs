import { DuckDBInstance } from '@duckdb/node-api';

/** Draws of a user, users that test, clusters of items, share of a user's draws from the own cluster, and q of the popularity. */
const [DRAWS, TESTED, CLUSTERS, OWN, FLAT] = [20, 20_000, 100, 0.8, 20];

/**
 * Writes a made-up log of `interactions` rows as Parquet, and a test part of one row for each of up to 20,000 users, without holding either in memory.
 *
 * Users: interactions / 20, each with 20 draws, spread over the file; items: interactions / 100, in 100 clusters. A draw is from the user's own cluster with probability 0.8, else from any. Within a cluster
 * of m items the item of rank k has a probability in proportion to 1/(k + 20): Zipf's law with a flattened head (Mandelbrot). Draws may repeat; taurec merges them. All draws are hashes of seed and row.
 * @param {{ interactions: number, seed: number, train: string, test: string }} of
 */
export async function writeMadeUpLog({ interactions, seed, train, test }) {
  const users = interactions / DRAWS;
  const m = interactions / 100 / CLUSTERS;
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '1GB', preserve_insertion_order: 'false' });
  const connection = await instance.connect();
  /** A number in [0, 1) for a row. @param {number} purpose */
  const draw = (purpose, row = 'i') => `(hash(${row}, ${seed}, ${purpose}) >> 11)::DOUBLE / ${2 ** 53}`;
  /** @param {string} file @param {string} user @param {number} first @param {number} rows */
  const write = async (file, user, first, rows) => {
    const cluster = `CASE WHEN ${draw(1)} < ${OWN} THEN hash("user", ${seed}) ELSE hash(i, ${seed}, 2) END % ${CLUSTERS}`;
    // the inverse of the distribution: ∫ 1/(k + q) over [0, k) is ln((k + q)/q)
    const rank = `least(${m - 1}, floor(${FLAT} * pow(${(m + FLAT) / FLAT}, ${draw(3)}) - ${FLAT}))`;
    await connection.run(`COPY (
      SELECT "user", (${rank} * ${CLUSTERS} + ${cluster})::INTEGER AS item
      FROM (SELECT range AS i, (${user})::INTEGER AS "user" FROM range(${first}, ${first + rows}))
    ) TO '${file}' (FORMAT parquet)`);
  };
  // 7,919 is prime: unless it divides the number of users, each user comes up as often, in rows far apart
  await write(train, `(range * 7919) % ${users}`, 0, interactions);
  await write(test, `range - ${interactions}`, interactions, Math.min(TESTED, users));
  connection.closeSync();
  instance.closeSync();
}
