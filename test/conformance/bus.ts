import { describe } from 'vitest';
import { benchFor, type TestedAdapter } from './bus-bench.js';
import { eventCases } from './bus-events.js';
import { leaseCases } from './bus-leases.js';
import { memberCases } from './bus-members.js';
import { queueCases } from './bus-queues.js';
import { sharingCases } from './bus-sharing.js';

/** Tests of what every adapter of the bus must do. The test file of each adapter calls this function. */
export function busContract(name: string, adapter: TestedAdapter): void {
  describe(`bus contract: ${name}`, () => {
    const bench = benchFor(adapter);
    describe('queues', () => queueCases(bench));
    describe('leases', () => leaseCases(bench));
    describe('an artifact that several runs want', () => sharingCases(bench));
    describe('events', () => eventCases(bench));
    describe('members', () => memberCases(bench));
  });
}
