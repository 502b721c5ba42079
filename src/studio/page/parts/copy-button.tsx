import { useState } from 'preact/hooks';
import { useStudio } from '../state/studio.ts';

/** Copies a text. Where the browser refuses, it says so: the text stands beside the button and can be selected. */
export function CopyButton({ text, label = 'Copy', what }: { text: string; label?: string; what: string }) {
  const studio = useStudio();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      studio.say(`Copied: ${what}.`);
    } catch {
      setCopied(false);
      studio.say('The browser does not allow copying. Select the text, and copy it by keyboard.');
    }
  };
  return (
    <button type="button" onClick={() => void copy()} onBlur={() => setCopied(false)}>
      {copied ? 'Copied' : label}
      <span class="hidden">: {what}</span>
    </button>
  );
}
