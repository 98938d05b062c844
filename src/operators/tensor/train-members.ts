import { z } from 'zod';
import type { Checkpoints, StageContext, TrainingSnapshot } from '../../pipeline/stage.js';
import { historySchema, type History } from './history-data.js';

/** One of several networks that a job trains one after another. */
export interface TrainedMember {
  readonly parameters: Float32Array;
  readonly history: History;
}

/** A network before its training. `train` leaves the best weights in `parameters`. */
export interface EnsembleMember {
  readonly parameters: Float32Array;
  readonly train: () => Promise<History>;
}

/**
 * The random streams of a member. The first member has the streams that a job with a single network uses. Each other
 * member has streams of its own.
 */
export const memberStreams =
  (rng: StageContext['rng'], member: number): StageContext['rng'] =>
  (purpose) =>
    rng(member === 0 ? purpose : `${purpose}/member-${member}`);

/**
 * The state in a checkpoint of the job. `training` is the state of the member in training. The weights of finished
 * members are the arrays `finished.0`, ...
 */
const stateSchema = z.strictObject({
  member: z.number().int(),
  backend: z.string(),
  finished: z.array(historySchema),
  training: z.looseObject({}),
});
type MembersState = z.infer<typeof stateSchema>;

/**
 * Trains several networks in one job, one after another. A checkpoint holds the finished members, so that the job resumes with the
 * member that was being trained.
 *
 * @param build makes a member from a context with the random streams of the member; it must not start the training
 */
export async function trainMembers(
  context: StageContext,
  { count, backend }: { readonly count: number; readonly backend: string },
  build: (own: StageContext, member: number) => Promise<EnsembleMember>,
): Promise<readonly TrainedMember[]> {
  if (count === 1) {
    const { parameters, train } = await build(context, 0);
    return [{ history: await train(), parameters }];
  }
  const kept = await keptMembers(context.checkpoints, backend, count);
  const finished: TrainedMember[] = [];
  for (let member = 0; member < count; member++) {
    const own = {
      ...context,
      checkpoints: memberCheckpoints(context.checkpoints, { member, backend, finished: [...finished] }),
      rng: memberStreams(context.rng, member),
    };
    // A finished member is built again before its trained weights are restored: the layers that are random and never
    // trained are drawn from its random streams.
    const { parameters, train } = await build(own, member);
    const known = kept[member];
    if (known !== undefined && known.parameters.length === parameters.length) {
      parameters.set(known.parameters);
      finished.push({ parameters, history: known.history });
    } else finished.push({ history: await train(), parameters });
  }
  return finished;
}

/** The members that a checkpoint lists as finished. Empty if there is no checkpoint of this backend. */
async function keptMembers(
  checkpoints: Checkpoints,
  backend: string,
  count: number,
): Promise<readonly TrainedMember[]> {
  let kept: readonly TrainedMember[] = [];
  await checkpoints.resume(({ state, arrays }) => {
    const saved = stateSchema.safeParse(state).data;
    if (saved?.backend === backend && saved.finished.length < count)
      kept = saved.finished.flatMap((history, member) => {
        const parameters = arrays[finishedName(member)];
        return parameters === undefined ? [] : [{ history, parameters: parameters.slice() }];
      });
    // With `false`, `resume` does not restore the random streams. They are restored when the member in training reads
    // its own part of the checkpoint.
    return false;
  });
  return kept;
}

const finishedName = (member: number): string => `finished.${member}`;

/** The checkpoints of one member. They put the snapshot of the member into the snapshot of the job. */
function memberCheckpoints(
  checkpoints: Checkpoints,
  job: Pick<MembersState, 'member' | 'backend'> & { readonly finished: readonly TrainedMember[] },
): Checkpoints {
  const { member, backend, finished } = job;
  const wrapped = ({ state, arrays }: TrainingSnapshot): TrainingSnapshot => ({
    state: {
      ...{ member, backend, finished: finished.map(({ history }) => history) },
      training: state as Record<string, unknown>,
    } satisfies MembersState,
    arrays: {
      ...arrays,
      ...Object.fromEntries(finished.map((own, at) => [finishedName(at), own.parameters])),
    },
  });
  return {
    resume: (take) =>
      checkpoints.resume(({ state, arrays }) => {
        const saved = stateSchema.safeParse(state).data;
        return saved?.member === member && take({ state: saved.training, arrays });
      }),
    offer: (epoch, snapshot) => checkpoints.offer(epoch, () => wrapped(snapshot())),
  };
}
