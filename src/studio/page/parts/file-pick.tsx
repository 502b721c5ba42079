/** A button that chooses files: a native input under its label. */
export function FilePick({
  label,
  accept,
  multiple = false,
  onPick,
}: {
  label: string;
  accept?: string;
  multiple?: boolean;
  onPick: (files: readonly File[]) => void;
}) {
  return (
    <label class="pick">
      <input
        type="file"
        accept={accept}
        multiple={multiple}
        onChange={(event) => {
          onPick([...(event.currentTarget.files ?? [])]);
          // So that the same file can be chosen again.
          event.currentTarget.value = '';
        }}
      />
      <span>{label}</span>
    </label>
  );
}
