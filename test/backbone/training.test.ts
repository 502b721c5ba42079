import { backbonesAgainstReference } from './backbones-against-reference.ts';

backbonesAgainstReference('quick');
