import type { DuckDBListValue } from '@duckdb/node-api';
import { eachChunk, identifier, literal, openDuck } from '../data/formats/duckdb.ts';
import { TaurecError } from '../errors.ts';
import { isBiasName, isIdName } from './read-text.ts';
import { badEmbeddings, RowGatherer, type Vectors } from './vectors-table.ts';

const isNumeric = (type: string) => /^(FLOAT|DOUBLE|DECIMAL.*|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?)$/.test(type);
const isVector = (type: string) => /^(FLOAT|DOUBLE)\[\d*\]$/.test(type);

/**
 * Reads vectors of a Parquet file: its first column of lists (or arrays) of floats, else all its columns of numbers; ids from a column with a usual name (id, user_id,
 * item …), biases from one called bias; without ids where they come from elsewhere (`bare`). Throws `bad-embeddings`.
 */
export async function readParquetVectors(path: string, bare: boolean): Promise<Vectors> {
  const duck = await openDuck();
  try {
    await duck.connection.run('SET preserve_insertion_order = true');
    const from = `read_parquet(${literal(path)}, binary_as_string = true)`;
    const described = (await duck.connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`)).getRows();
    const columns = described.map(([name, type]) => ({ name: String(name), type: String(type) }));
    const id =
      columns.find(({ name }) => isIdName(name)) ?? (bare ? undefined : columns.find((c) => /CHAR/.test(c.type)));
    const bias = columns.find(({ name, type }) => isBiasName(name) && isNumeric(type));
    const vector = columns.find(({ type }) => isVector(type));
    const single = columns.filter((c) => c !== id && c !== bias && isNumeric(c.type));
    if (!vector && single.length === 0) {
      const there = columns.map(({ name, type }) => `${name} ${type}`).join(', ');
      throw badEmbeddings(path, `its columns are ${there}, expected a list of floats, or columns of numbers`);
    }
    const embedding = vector
      ? `CAST(${identifier(vector.name)} AS FLOAT[])`
      : `[${single.map(({ name }) => `CAST(${identifier(name)} AS FLOAT)`).join(', ')}]`;
    const ids = id ? `CAST(${identifier(id.name)} AS VARCHAR)` : 'NULL';
    const biases = bias ? `CAST(${identifier(bias.name)} AS FLOAT)` : 'NULL';
    const rows = new RowGatherer(path);
    let at = 0;
    await eachChunk(duck, `SELECT ${embedding}, ${ids}, ${biases} FROM ${from}`, (chunk) => {
      const [vectors, names, numbers] = [0, 1, 2].map((c) => chunk.getColumnVector(c));
      for (let r = 0; r < chunk.rowCount; r++, at++) {
        const items = (vectors!.getItem(r) as DuckDBListValue | null)?.items;
        const name = names!.getItem(r) as string | null;
        const number = numbers!.getItem(r) as number | null;
        if (!items || items.includes(null) || (id && name === null) || (bias && number === null))
          throw badEmbeddings(
            path,
            `row ${at}: a value is missing, expected an id, numbers, and a bias where there is one`,
          );
        rows.add(`row ${at}`, items as number[], name ?? undefined, bias ? number! : undefined);
      }
    });
    return rows.vectors();
  } catch (cause) {
    if (cause instanceof TaurecError) throw cause;
    throw badEmbeddings(path, `not readable as Parquet: ${(cause as Error).message.split('\n', 1)[0]}`, cause);
  } finally {
    await duck.close();
  }
}
