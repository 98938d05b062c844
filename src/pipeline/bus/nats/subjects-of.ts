import type { JetStreamManager } from 'nats';
import { patiently } from './patience.js';

/**
 * The keys of a KV bucket, including deleted ones. Reads the subject list of the stream in one request. The client's own
 * listing would need a consumer, and the right to make one.
 */
export async function subjectsOf(jsm: JetStreamManager, bucket: string): Promise<readonly string[]> {
  const prefix = `$KV.${bucket}.`;
  const { state } = await patiently(() =>
    jsm.streams.info(`KV_${bucket}`, { subjects_filter: `${prefix}>` }),
  );
  return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
}
