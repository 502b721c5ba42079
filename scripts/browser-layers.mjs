/** A dependency-cruiser configuration over the built browser entry (`npm run layers`): nothing that the entry reaches may need Node, in taurec or in the packages it imports. */
import { nodePackages } from './layers.mjs';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'node-in-browser',
      comment:
        'The browser entry reaches a Node module: replace the file that imports it, with the condition "browser" in the "imports" of package.json.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'node-package-in-browser',
      comment: 'The browser entry reaches a package that needs Node.',
      severity: 'error',
      from: {},
      to: { path: `node_modules/(${nodePackages.join('|')})/` },
    },
    {
      name: 'unresolved',
      comment: 'The imported file does not exist.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['browser', 'import', 'default'] },
  },
};
