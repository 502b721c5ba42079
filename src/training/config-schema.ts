import * as z from 'zod';
import { optionFacts, optionGroup } from '../option.ts';
import { trainShape } from './config.ts';

/** What a page needs of JSON Schema 2020-12, and of an option's declaration. */
interface Written extends Record<string, unknown> {
  description?: string;
}

/**
 * The schema of a training configuration (`TrainConfigInput`) as JSON Schema 2020-12, from the declarations of the options: types, bounds, choices and defaults. `description` is the line of the help, `x-flag` the flag of the command
 * line, `x-group` the heading, and `x-common` marks the most used options. A loss or a backbone is a name, or an object of a name and options; the options are those of each name.
 */
export function configSchema(): Record<string, unknown> {
  return written(optionGroup(trainShape));
}

function written(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, {
    io: 'input',
    // Sources and Infinity have no form in JSON Schema of their own.
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      const facts = optionFacts(zodSchema as unknown as z.ZodType);
      if (!facts) return;
      const target = jsonSchema as Written;
      target.description = facts.help;
      if (facts.flag) target['x-flag'] = facts.flag;
      if (facts.group) target['x-group'] = facts.group.replace(/:$/, '');
      if (facts.common) target['x-common'] = true;
      if (!facts.source) return;
      const { builtIn } = facts.source;
      const objects = Object.entries(builtIn).map(([name, { shape }]) => ({
        type: 'object',
        properties: { name: { const: name }, options: bare(written(z.object(shape))) },
        required: ['name'],
      }));
      target.anyOf = [{ type: 'string', enum: Object.keys(builtIn) }, ...objects];
    },
  }) as Record<string, unknown>;
}

/** The schema of a part, which does not name the dialect again. */
function bare({ $schema: _, ...schema }: Record<string, unknown>): Record<string, unknown> {
  return schema;
}
