import type { Backbone } from '../../../src/backbone/backbone.ts';

export const OwnBackbone: new (options?: { share?: number }) => Backbone;
