import { Confirm } from '../parts/confirm.tsx';
import { openingsInWords } from './words.ts';

/** The question before a test part that was open before is opened once more. */
export function OpenAgain({ opened, onOpen, onClose }: { opened: number; onOpen: () => void; onClose: () => void }) {
  return (
    <Confirm
      title="Open the test part again?"
      act="Open it"
      cancel="Leave it closed"
      onAct={() => {
        onClose();
        onOpen();
      }}
      onClose={onClose}
    >
      <p>{openingsInWords(opened)}</p>
    </Confirm>
  );
}
