/** The points of a map in thousandths, from −1000 to 1000. */
export interface MapPoints {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

/** A point as it is drawn. */
export interface Mark {
  /** Pixels. */
  readonly radius: number;
  /** Any CSS colour. */
  readonly color: string;
  /** Words beside the point. */
  readonly label?: string;
}

/** Milliseconds in which points move to where an epoch puts them. */
const MOVE = 220;
/** Pixels around the points. */
const EDGE = 14;
/** Pixels within which a pointer finds a point. */
const REACH = 14;

/** Draws a map of items on a canvas, and moves its points from epoch to epoch, unless the person wants no motion. */
export class MapPicture {
  readonly #canvas: HTMLCanvasElement;
  readonly #still: MediaQueryList;
  #marks: readonly Mark[] = [];
  /** Interleaved x and y, in thousandths: where points come from, are, and go to. */
  #from = new Float32Array(0);
  #now = new Float32Array(0);
  #to = new Float32Array(0);
  #started = 0;
  #frame = 0;
  #marked: number | undefined;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#still = matchMedia('(prefers-reduced-motion: reduce)');
  }

  /** How the points look, in the order of the map. */
  set marks(marks: readonly Mark[]) {
    this.#marks = marks;
    this.draw();
  }

  /** The point that is marked by a ring. */
  set marked(index: number | undefined) {
    if (this.#marked === index) return;
    this.#marked = index;
    this.draw();
  }

  /** Moves the points; the first ones, and those of another map, appear where they are. */
  move({ x, y }: MapPoints): void {
    const to = new Float32Array(2 * x.length);
    for (let i = 0; i < x.length; i++) {
      to[2 * i] = x[i]!;
      to[2 * i + 1] = y[i]!;
    }
    const jumps = this.#still.matches || to.length !== this.#now.length;
    this.#to = to;
    this.#from = jumps ? to : this.#now.slice();
    this.#started = performance.now();
    if (jumps) {
      this.#now = to.slice();
      this.draw();
    } else this.#schedule();
  }

  /** The nearest point to a place on the canvas in CSS pixels, if one is near. */
  nearest(left: number, top: number): number | undefined {
    let best: number | undefined;
    let least = REACH ** 2;
    for (let i = 0; 2 * i < this.#now.length; i++) {
      const [x, y] = this.place(i);
      const distance = (x - left) ** 2 + (y - top) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  }

  /** Where a point is, in CSS pixels. */
  place(index: number): readonly [left: number, top: number] {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const at = (thousandths: number, size: number) => EDGE + ((thousandths + 1000) / 2000) * (size - 2 * EDGE);
    return [at(this.#now[2 * index]!, width), at(-this.#now[2 * index + 1]!, height)];
  }

  /** Draws what there is. */
  draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const dots = globalThis.devicePixelRatio || 1;
    const [columns, rows] = [Math.round(width * dots), Math.round(height * dots)];
    if (this.#canvas.width !== columns || this.#canvas.height !== rows) {
      this.#canvas.width = columns;
      this.#canvas.height = rows;
    }
    const pen = this.#canvas.getContext('2d');
    if (!pen) return;
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.globalAlpha = 0.85;
    const points = Math.min(this.#marks.length, this.#now.length / 2);
    // The rarest first, so that the popular ones are seen on top.
    for (let i = points - 1; i >= 0; i--) {
      const { radius, color } = this.#marks[i]!;
      const [x, y] = this.place(i);
      pen.fillStyle = color;
      pen.beginPath();
      pen.arc(x, y, radius, 0, 2 * Math.PI);
      pen.fill();
    }
    this.#drawLabels(pen, points, width);
    if (this.#marked === undefined || this.#marked >= points) return;
    const [x, y] = this.place(this.#marked);
    pen.globalAlpha = 1;
    pen.lineWidth = 2;
    pen.strokeStyle = getComputedStyle(this.#canvas).color;
    pen.beginPath();
    pen.arc(x, y, this.#marks[this.#marked]!.radius + 3, 0, 2 * Math.PI);
    pen.stroke();
  }

  /** Ends the motion. */
  dispose(): void {
    cancelAnimationFrame(this.#frame);
  }

  #drawLabels(pen: CanvasRenderingContext2D, points: number, width: number): void {
    const { color, fontFamily, fontSize } = getComputedStyle(this.#canvas);
    pen.globalAlpha = 1;
    pen.fillStyle = color;
    pen.font = `${fontSize} ${fontFamily}`;
    pen.textBaseline = 'middle';
    for (let i = 0; i < points; i++) {
      const { label, radius } = this.#marks[i]!;
      if (label === undefined) continue;
      const [x, y] = this.place(i);
      // On the side where there is room.
      pen.textAlign = x > 0.75 * width ? 'right' : 'left';
      pen.fillText(label, x + (x > 0.75 * width ? -radius - 4 : radius + 4), y);
    }
  }

  #schedule(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      const part = Math.min(1, (performance.now() - this.#started) / MOVE);
      const eased = 1 - (1 - part) ** 2;
      for (let i = 0; i < this.#now.length; i++)
        this.#now[i] = this.#from[i]! + eased * (this.#to[i]! - this.#from[i]!);
      this.draw();
      if (part < 1) this.#schedule();
    });
  }
}
