/** What a view is left by. */
export type Leave = () => void;

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** The address of something that belongs to a run. */
export const ofRun = (run: string, what: string, query: Readonly<Record<string, string>> = {}): string => {
  const asked = new URLSearchParams(query).toString();
  return `/api/runs/${encodeURIComponent(run)}/${what}${asked === '' ? '' : `?${asked}`}`;
};

/** Asks the server for JSON. @throws ApiError with the reason that the server gives */
export async function ask<T>(address: string, headers: Readonly<Record<string, string>> = {}): Promise<T> {
  const answer = await fetch(address, { headers }).catch(() => {
    throw new ApiError(0, 'The server of this page does not answer. It ended, or the connection is cut.');
  });
  if (answer.ok) return (answer.status === 204 ? null : await answer.json()) as T;
  const { error } = (await answer.json().catch(() => ({}))) as { error?: string };
  throw new ApiError(answer.status, error ?? `The server answers ${answer.status}.`);
}
