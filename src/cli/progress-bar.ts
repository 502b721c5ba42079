import cliProgress from 'cli-progress';

/** A bar on a terminal; `format` names what is shown: {bar}, {percentage} and the payload. */
export function progressBar(stream: NodeJS.WriteStream, format: string): cliProgress.SingleBar {
  return new cliProgress.SingleBar({
    stream,
    format,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    fps: 10,
    // Ctrl-C belongs to the command.
    gracefulExit: false,
    linewrap: false,
  });
}
