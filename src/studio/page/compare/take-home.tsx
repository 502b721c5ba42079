import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Judgement, RunInfo } from '../../session.ts';
import { judge, judgementOf } from '../judge/judged.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { download, fileName } from '../parts/download.ts';
import { Options } from '../parts/field.tsx';
import { NoModel, RunPicker, useRun } from '../parts/run-picker.tsx';
import { TaskView } from '../parts/task-view.tsx';
import { useStudio } from '../state/studio.ts';
import { Task } from '../state/task.ts';
import { Import } from './import-model.tsx';

/** A model's files, and the texts that make it again elsewhere. */
export function TakeHome() {
  const run = useRun();
  return (
    <>
      {run ? (
        <>
          <div class="room-head">
            <RunPicker />
          </div>
          <div class="pair">
            <Files key={run.id} run={run} />
            <Import />
          </div>
          <Again key={`${run.id} again`} run={run} />
        </>
      ) : (
        <>
          <NoModel what="You can take a model home" />
          <Import />
        </>
      )}
    </>
  );
}

function Files({ run }: { run: RunInfo }) {
  const studio = useStudio();
  const archive = useMemo(() => new Task<Blob>(), []);
  const report = useMemo(() => new Task<string>(), []);
  const config = useMemo(() => new Task<string>(), []);
  const name = fileName(run.name);
  const fetchArchive = async () => {
    const blob = await archive.run(() => studio.session.archive(run.id));
    if (blob) give(blob, `${name}.zip`);
  };
  const makeConfig = async () => {
    const text = await config.run(async () => (await textsOf(studio, run)).json);
    if (text) give(text, 'taurec.config.json', 'application/json');
  };
  const makeReport = async () => {
    const text = await report.run(async () => {
      const judgements = await judgementsOf(studio, run);
      const [{ reportPage }, texts] = await Promise.all([import('./report-page.tsx'), textsOf(studio, run)]);
      return reportPage({ run, judgements, command: texts.command, version: studio.about.peek()?.version ?? '' });
    });
    if (text) give(text, `${name}.html`, 'text/html');
  };
  const give = (content: Blob | string, file: string, type?: string) => {
    download(content, file, type);
    studio.say(`${file} is saved by your browser.`);
  };
  return (
    <section class="card" aria-labelledby="files">
      <h2 id="files">Files</h2>
      <ul class="take">
        <li>
          <button type="button" class="main" onClick={() => void fetchArchive()}>
            Download the model
          </button>
          <p class="help">A zip archive of the model’s folder: taurec in Node, its server and Python read it.</p>
          <TaskView task={archive} working="Packing the model">
            {() => null}
          </TaskView>
        </li>
        <li>
          <button type="button" onClick={() => void makeConfig()}>
            Download the configuration
          </button>
          <p class="help">A JSON file for taurec train --config, with the options of the data.</p>
          <TaskView task={config} working="Writing the configuration">
            {() => null}
          </TaskView>
        </li>
        <li>
          <button type="button" onClick={() => void makeReport()}>
            Download a report
          </button>
          <p class="help">
            One HTML file with figures and tables, readable anywhere. The test part is in it if it is open already; it
            is not opened for it.
          </p>
          <TaskView task={report} working="Measuring and drawing">
            {() => null}
          </TaskView>
        </li>
      </ul>
    </section>
  );
}

const kinds = [
  { value: 'command', label: 'Command line', what: 'the command line' },
  { value: 'json', label: 'JSON', what: 'the configuration file' },
  { value: 'program', label: 'TypeScript', what: 'the program' },
] as const;

/** The same run elsewhere. */
function Again({ run }: { run: RunInfo }) {
  const studio = useStudio();
  const [kind, setKind] = useState<(typeof kinds)[number]['value']>('command');
  const texts = useMemo(() => new Task<Texts>(), []);
  useEffect(() => void texts.run(() => textsOf(studio, run)), [run]);
  const sample = run.request?.train.startsWith('sample:');
  const { what } = kinds.find(({ value }) => value === kind)!;
  return (
    <section class="card" aria-labelledby="again">
      <h2 id="again">The same run elsewhere</h2>
      {run.typed ? (
        <p>
          This run used a loss that was typed in the page, which no command can name. Save its text as a module, and
          give it to taurec train by --loss-module.
        </p>
      ) : (
        <>
          <div class="choice-row">
            <Options legend="Copy as" name="copy-as" value={kind} choices={kinds} onChange={setKind} />
          </div>
          <TaskView task={texts} working="Writing it out">
            {(written) => (
              <div class="text-out">
                {/* biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reachable by keyboard */}
                <section class="text-area" tabIndex={0} aria-label={what}>
                  <pre>
                    <code>{written[kind]}</code>
                  </pre>
                </section>
                <CopyButton text={written[kind]} what={what} />
              </div>
            )}
          </TaskView>
          <p class="help">
            {run.request === undefined
              ? 'The data of this model are not known here: put your file in place of interactions.csv.'
              : sample
                ? 'The data are a sample of the studio; the text calls them by the name of its file.'
                : 'Where the file has this name, the same version of taurec makes the same model from it, to the last bit.'}
          </p>
        </>
      )}
    </section>
  );
}

interface Texts {
  readonly command: string;
  readonly json: string;
  readonly program: string;
}

type StudioOfPage = ReturnType<typeof useStudio>;

/** The texts of a run. What writes them knows all options of training, and is loaded when it is needed. */
async function textsOf(studio: StudioOfPage, run: RunInfo): Promise<Texts> {
  const [{ commandText, configText, programText, reproductionOf }, { sources }] = await Promise.all([
    import('./reproduce.ts'),
    studio.session.sources(),
  ]);
  const reproduction = reproductionOf(run, sources);
  return {
    command: run.typed ? '' : commandText(reproduction),
    json: configText(reproduction),
    program: programText(reproduction),
  };
}

/** The judgements that a report has: validation, measured if it was not yet, and the test if it is open. */
async function judgementsOf(studio: StudioOfPage, run: RunInfo): Promise<readonly Judgement[]> {
  const valid = judgementOf(studio, run, 'valid');
  if (valid.state.peek().state !== 'done') await judge(studio, run, 'valid');
  const test = judgementOf(studio, run, 'test');
  return [valid, test].flatMap(({ state }) => {
    const now = state.peek();
    return now.state === 'done' ? [now.value] : [];
  });
}
