import { signal } from '@preact/signals';

/** The themes: light, dark, or that of the system. */
export const themes = ['auto', 'light', 'dark'] as const;
/** A theme. */
export type Theme = (typeof themes)[number];

const key = 'taurec-studio-theme';
const stored = themes.find((theme) => theme === read());

/** The theme in use. It belongs to the person, not to the address. */
export const theme = signal<Theme>(stored ?? 'auto');

/** Shows the theme, and remembers it where the browser allows that. */
export function setTheme(next: Theme): void {
  theme.value = next;
  applyTheme();
  try {
    localStorage.setItem(key, next);
  } catch {
    // Storage is blocked: the theme lasts as long as the page.
  }
}

/** Marks the document with the theme, from which the styles follow. */
export function applyTheme(): void {
  const { dataset } = document.documentElement;
  if (theme.peek() === 'auto') delete dataset.theme;
  else dataset.theme = theme.peek();
}

function read(): string | null {
  try {
    return globalThis.localStorage?.getItem(key) ?? null;
  } catch {
    return null;
  }
}
