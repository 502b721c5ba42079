import { backbonesAgainstReference } from './backbones-against-reference.ts';

// Together with training.test.ts: every setting.
backbonesAgainstReference('slow');
