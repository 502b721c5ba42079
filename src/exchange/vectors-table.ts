import { type Matrix, matrix, row } from '../array/matrix.ts';
import { sharedFloat32 } from '../array/shared.ts';
import { TaurecError } from '../errors.ts';

/** A table of vectors as a file holds it. */
export interface Vectors {
  readonly file: string;
  readonly table: Matrix;
  /** Ids from the vectors' own file. */
  readonly ids?: readonly string[];
  /** A number for each row that is called bias. */
  readonly bias?: Float32Array;
}

/** An error in a file of embeddings: `problem` says what was found and what was expected. */
export function badEmbeddings(file: string, problem: string, cause?: unknown): TaurecError {
  return new TaurecError('bad-embeddings', { file, problem }, { cause });
}

/** Gathers rows of equal length, their number unknown before the end. */
export class RowGatherer {
  readonly #file: string;
  #data = new Float32Array(1024);
  #columns = -1;
  readonly #ids: string[] = [];
  readonly #bias: number[] = [];
  #rows = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** Adds a row; `where` names it in errors. A bias for one row is a bias for all. */
  add(where: string, numbers: ArrayLike<number>, id?: string, bias?: number): void {
    if (this.#columns < 0) this.#columns = numbers.length;
    if (numbers.length !== this.#columns)
      throw badEmbeddings(
        this.#file,
        `${where}: ${numbers.length} numbers, expected ${this.#columns}, as many as in the rows before it`,
      );
    const begin = this.#rows * this.#columns;
    if (begin + this.#columns > this.#data.length) {
      const grown = new Float32Array(Math.max(this.#data.length * 2, begin + this.#columns));
      grown.set(this.#data);
      this.#data = grown;
    }
    this.#data.set(numbers, begin);
    this.#rows++;
    if (id !== undefined) this.#ids.push(id);
    if (bias !== undefined) this.#bias.push(bias);
    for (const [name, list] of [
      ['id', this.#ids],
      ['bias', this.#bias],
    ] as const) {
      if (list.length !== 0 && list.length !== this.#rows)
        throw badEmbeddings(this.#file, `${where}: ${name} in some rows and not in others, expected in all or none`);
    }
  }

  /** The table, in shared memory. */
  vectors(): Vectors {
    const columns = Math.max(this.#columns, 0);
    const data = sharedFloat32(this.#rows * columns);
    data.set(this.#data.subarray(0, data.length));
    return {
      file: this.#file,
      table: matrix(this.#rows, columns, data),
      ...(this.#ids.length > 0 && { ids: this.#ids }),
      ...(this.#bias.length > 0 && { bias: Float32Array.from(this.#bias) }),
    };
  }
}

/** Throws `bad-embeddings` for a table without rows or columns, and for one with a number that is not finite as a 32-bit float. */
export function checkVectors({ file, table, ids, bias }: Vectors): void {
  if (table.rows === 0 || table.columns === 0)
    throw badEmbeddings(file, `${table.rows} rows of ${table.columns} numbers, expected at least one of each`);
  for (let r = 0; r < table.rows; r++) {
    const numbers = row(table, r);
    const at = numbers.findIndex((x) => !Number.isFinite(x));
    const name = ids ? `row ${r} (id ${JSON.stringify(ids[r])})` : `row ${r}`;
    if (at >= 0)
      throw badEmbeddings(file, `${name}, column ${at}: ${numbers[at]}, expected a number that 32 bits can hold`);
    if (bias && !Number.isFinite(bias[r])) throw badEmbeddings(file, `${name}: bias ${bias[r]}, expected a number`);
  }
}
