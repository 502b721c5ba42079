/** A piece of HTML that needs no escaping. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value in a template: text is escaped, markup is inserted unchanged, lists are joined, `undefined` gives nothing. */
export type Content = Markup | string | number | undefined | readonly Content[];

/** A tagged template for HTML. It escapes every value except `Markup`, for text and for attributes in double quotes. */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(strings.reduce((text, string, i) => text + render(contents[i - 1]) + string));
}

function render(content: Content): string {
  if (content === undefined) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'object') return content.map(render).join('');
  // Numeric references are valid in text, attributes and SVG alike.
  return String(content).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
