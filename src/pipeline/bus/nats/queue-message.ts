import { z } from 'zod';
import { jobSchema, type Job } from '../job.js';
import type { WorkItem } from './work-item.js';

const messageSchema = z.object({ v: z.literal(1), ticket: z.number().int(), job: jobSchema });

/** The message of the queue for a work item. */
export const messageOf = ({ ticket, job }: WorkItem): string => JSON.stringify({ v: 1, ticket, job });

/** Parses a text that `messageOf` wrote. For any other text, returns what is wrong with it. */
export function parseMessage(
  data: Uint8Array,
): { readonly job: Job; readonly ticket: number } | { readonly fault: string } {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(data));
  } catch {
    return { fault: 'not JSON' };
  }
  const version = (value as { v?: unknown } | null)?.v;
  if (version !== 1) return { fault: `message version ${JSON.stringify(version)}, this worker knows 1` };
  const message = messageSchema.safeParse(value);
  return message.success ? message.data : { fault: z.prettifyError(message.error) };
}
