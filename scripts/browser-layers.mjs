/** What a browser gets, as a dependency-cruiser configuration over the built entry (`npm run layers`): nothing that needs Node, in taurec or in the packages it imports. */
import { nodePackages } from './layers.mjs';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'node-in-browser',
      comment:
        'The browser entry reaches a module of Node: swap the file that imports it by the condition "browser" in the "imports" of package.json.',
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
      comment: 'The import leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['browser', 'import', 'default'] },
  },
};
