/** What `--backend auto` tries, best first. */
export const automaticBackends = ['tensorflow', 'onnx', 'wasm', 'cpu'] as const;

/** The backends a training job can run on; `webgpu` only when it is asked for. */
export const backendNames = [...automaticBackends, 'webgpu'] as const;

/** What `--backend` takes. */
export const backendPreferences = ['auto', ...backendNames] as const;

export type BackendName = (typeof backendNames)[number];
export type BackendPreference = (typeof backendPreferences)[number];
