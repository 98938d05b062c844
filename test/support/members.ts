import type { BusMember } from '../../src/pipeline/bus/member.js';

/** A member of the bus: an `up` or a worker. */
export const testMember = (changes: Partial<BusMember> = {}): BusMember => ({
  ...{ v: 1, id: 'other', role: 'worker', host: 'lab-2', pid: 1, codeVersion: '0', node: 'v20' },
  ...{ backend: 'cpu', classes: ['gpu'], slots: { cpu: 0, gpu: 1 }, run: null, state: 'working' },
  ...{ jobs: [], since: '2026-01-01T00:00:00.000Z' },
  ...changes,
});
