import { type Matrix, matrix, row } from '../array/matrix.ts';
import { sharedFloat32 } from '../array/shared.ts';
import { TaurecError } from '../errors.ts';

/** A table of vectors as read from a file, with the ids and biases that the same file holds. */
export interface Vectors {
  readonly file: string;
  readonly table: Matrix;
  /** One id per row, if the file has ids. */
  readonly ids?: readonly string[];
  /** One bias per row, if the file has a column or key called bias. */
  readonly bias?: Float32Array;
}

/** The error for a file of embeddings. `problem` is a clause: what was found and what was expected. */
export function badEmbeddings(file: string, problem: string, cause?: unknown): TaurecError {
  return new TaurecError('bad-embeddings', { file, problem }, { cause });
}

/** Gathers rows of equal length into a table when the number of rows is unknown in advance. The buffer doubles when it is full. */
export class RowGatherer {
  readonly #file: string;
  #data = new Float32Array(1024);
  /** Length of the rows; -1 before the first row. */
  #columns = -1;
  readonly #ids: string[] = [];
  readonly #bias: number[] = [];
  #rows = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** Adds a row; `where` is its place in error messages. Either all rows have an id or none has; the same holds for the bias. Throws `bad-embeddings`. */
  add(where: string, numbers: ArrayLike<number>, id?: string, bias?: number): void {
    if (this.#columns < 0) this.#columns = numbers.length;
    if (numbers.length !== this.#columns)
      throw badEmbeddings(
        this.#file,
        `${where} has ${numbers.length} numbers, expected ${this.#columns} as in the rows before it`,
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
    // A list that is neither empty nor full shows the first row that differs from the others.
    for (const [name, list] of [
      ['id', this.#ids],
      ['bias', this.#bias],
    ] as const) {
      if (list.length !== 0 && list.length !== this.#rows)
        throw badEmbeddings(this.#file, `${where}: only some rows have a value for ${name}, expected all or none`);
    }
  }

  /** The gathered table, copied to shared memory, where the threads of an engine can read it. */
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

/** Throws `bad-embeddings` for a table without rows or columns, and for a vector or bias that is not finite as 32-bit floats. */
export function checkVectors({ file, table, ids, bias }: Vectors): void {
  if (table.rows === 0 || table.columns === 0)
    throw badEmbeddings(
      file,
      `it has ${table.rows} rows of ${table.columns} numbers, expected at least one row and one number`,
    );
  for (let r = 0; r < table.rows; r++) {
    const numbers = row(table, r);
    const at = numbers.findIndex((x) => !Number.isFinite(x));
    const name = ids ? `row ${r} (id ${JSON.stringify(ids[r])})` : `row ${r}`;
    if (at >= 0) throw badEmbeddings(file, `${name}, column ${at}: got ${numbers[at]}, expected a finite 32-bit float`);
    if (bias && !Number.isFinite(bias[r]))
      throw badEmbeddings(file, `${name}: the bias is ${bias[r]}, expected a finite number`);
  }
}
