/** A piece of HTML that is safe to put into a page as it stands. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes: text is escaped, markup goes in as it is, lists are joined, undefined leaves nothing. */
export type Content = Markup | string | number | undefined | readonly Content[];

/** A template of HTML. Everything put into it is escaped for text and for attributes in double quotes, unless it is `Markup` itself. */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(strings.reduce((text, string, i) => text + render(contents[i - 1]) + string));
}

function render(content: Content): string {
  if (content === undefined) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'object') return content.map(render).join('');
  return String(content).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
