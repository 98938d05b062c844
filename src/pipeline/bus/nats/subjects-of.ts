import type { JetStreamManager } from 'nats';
import { patiently } from './patience.js';

/**
 * The keys of a KV bucket, by the stream's subject list: one request, where listing by the client takes a consumer
 * (and the right to make one). Deleted keys are among them.
 */
export async function subjectsOf(jsm: JetStreamManager, bucket: string): Promise<readonly string[]> {
  const prefix = `$KV.${bucket}.`;
  const { state } = await patiently(() =>
    jsm.streams.info(`KV_${bucket}`, { subjects_filter: `${prefix}>` }),
  );
  return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
}
