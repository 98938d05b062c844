import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { packageVersion } from '../../src/pipeline/cli/version.js';
import { loadConfig } from '../../src/pipeline/config/load.js';
import { complaintAbout } from './command-lines.js';
import {
  deployFiles,
  documentsOf,
  listOf,
  needs,
  pathOf,
  secondsAfter,
  textOf,
  wordOf,
  wordsOf,
  type Yaml,
} from './deploy-files.js';

const base = 'kubernetes/base';
const resources = deployFiles
  .filter((file) => file.startsWith(`${base}/`) && file.endsWith('.yaml'))
  .filter((file) => !/kustomization|experiment/.test(file))
  .flatMap((file) => documentsOf(textOf(file)));
const one = (kind: string, among: readonly Yaml[] = resources): Yaml => {
  const found = among.filter((resource) => wordOf(resource['kind']) === kind);
  if (found.length !== 1) throw new Error(`${found.length} resources of kind ${kind}`);
  return found[0] ?? {};
};
const podOfRun = (among = resources): Yaml => one('Job', among)['spec']?.['template']?.['spec'] ?? {};
const jobOfWorker = (among = resources): Yaml => one('ScaledJob', among)['spec']?.['jobTargetRef'] ?? {};
const podOfWorker = (among = resources): Yaml => jobOfWorker(among)['template']?.['spec'] ?? {};
const argsOf = (pod: Yaml): string[] => wordsOf(listOf(pod['containers'])[0]?.['args']);

/**
 * A ScaledJob of KEDA is checked as the Job that it contains, because the schemas of Kubernetes do not include KEDA.
 */
const asCore = (resource: Yaml): unknown =>
  wordOf(resource['kind']) === 'ScaledJob'
    ? { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'worker' }, spec: jobOfWorker([resource]) }
    : resource;

describe.each([base, 'kubernetes/s3'])('%s', (folder) => {
  const render = (kubectl: string): Yaml[] => {
    const { stdout, stderr } = spawnSync(kubectl, ['kustomize', pathOf(folder)], { encoding: 'utf8' });
    expect(stderr).toBe('');
    return documentsOf(stdout);
  };
  const kubectlOf = (context: Parameters<typeof needs>[0]): string =>
    needs(context, 'kubectl', 'https://kubernetes.io/docs/tasks/tools');

  it('renders, with images, volumes and command lines in place', (context) => {
    const rendered = render(kubectlOf(context));
    const claims = rendered
      .filter(({ kind }) => wordOf(kind) === 'PersistentVolumeClaim')
      .map(({ metadata }) => metadata?.['name']);
    for (const pod of [podOfRun(rendered), podOfWorker(rendered)]) {
      expect(complaintAbout(argsOf(pod))).toBeNull();
      const volumes = listOf(pod['volumes']);
      for (const claim of volumes.flatMap((volume) => volume['persistentVolumeClaim']?.['claimName'] ?? []))
        expect(claims).toContain(claim);
      for (const container of [...listOf(pod['initContainers']), ...listOf(pod['containers'])]) {
        expect(wordOf(container['image'])).toMatch(new RegExp(`/haf-pipeline:[cg]pu-${packageVersion()}$`));
        for (const mount of listOf(container['volumeMounts']))
          expect(volumes.map(({ name }) => name)).toContain(mount['name']);
      }
    }
  });

  it('is what the Kubernetes API describes', (context) => {
    const validate = needs(context, 'kubernetes-validate', 'pip install kubernetes-validate');
    // The folder `base` needs no rendering, so it can be checked without kubectl.
    const checked = (folder === base ? resources : render(kubectlOf(context))).map(asCore);
    const work = mkdtempSync(join(tmpdir(), 'haf-kubernetes-'));
    const files = checked.map((resource, index) => {
      const file = join(work, `${index}.yaml`);
      writeFileSync(file, stringify(resource, { aliasDuplicateObjects: false }));
      return file;
    });
    const { stdout, stderr, status } = spawnSync(validate, ['--strict', '--quiet', ...files], {
      encoding: 'utf8',
    });
    rmSync(work, { recursive: true });
    expect(stdout + stderr).toBe('');
    expect(status).toBe(0);
  });
});

describe('the workers of Kubernetes', () => {
  const spec = one('ScaledJob')['spec'] ?? {};

  // Fields of a ScaledJob and of its nats-jetstream trigger, copied from the documentation of KEDA 2.19.
  it('have the fields of KEDA and no others', () => {
    const known = ['jobTargetRef', 'pollingInterval', 'minReplicaCount', 'maxReplicaCount', 'triggers']
      .concat('successfulJobsHistoryLimit', 'failedJobsHistoryLimit', 'envSourceContainerName')
      .concat('rollout', 'scalingStrategy');
    expect(known).toEqual(expect.arrayContaining(Object.keys(spec)));
    expect(['default', 'gradual']).toContain(spec['rollout']?.['strategy']);
    expect(['default', 'custom', 'accurate', 'eager']).toContain(spec['scalingStrategy']?.['strategy']);
  });

  it('follow the queue of trainings', () => {
    expect(spec['triggers']).toEqual([
      {
        type: 'nats-jetstream',
        // KEDA reads every value as a string.
        metadata: {
          natsServerMonitoringEndpoint: 'nats-headless.haf.svc.cluster.local:8222',
          account: '$G',
          stream: 'HAF_JOBS',
          consumer: 'gpu',
          lagThreshold: '1',
          activationLagThreshold: '0',
          useHttps: 'false',
        },
      },
    ]);
  });

  it('have longer to go than they may take, and go when there is nothing to do', () => {
    const pod = podOfWorker();
    expect(Number(pod['terminationGracePeriodSeconds'])).toBeGreaterThan(
      secondsAfter('--grace', argsOf(pod)),
    );
    expect(secondsAfter('--idle-exit', argsOf(pod))).toBeGreaterThan(0);
  });

  it('take as many jobs at once as they have GPUs', () => {
    const limits = listOf(podOfWorker()['containers'])[0]?.['resources']?.['limits'];
    expect(secondsAfter('--slots', argsOf(podOfWorker()))).toBe(limits?.['nvidia.com/gpu']);
  });
});

describe('Kubernetes', () => {
  it('finds every secret that the README makes', () => {
    const readme = textOf('README.md');
    const secrets = [podOfRun(), podOfWorker()].flatMap((pod) =>
      listOf(pod['volumes']).flatMap((volume) => volume['secret']?.['secretName'] ?? []),
    );
    const values = documentsOf(textOf('kubernetes/nats-values.yaml'))[0];
    const ofBroker = [
      values?.['config']?.['nats']?.['tls']?.['secretName'],
      listOf(values?.['podTemplate']?.['patch'])[0]?.['value']?.['secret']?.['secretName'],
    ];
    for (const name of [...secrets, ...ofBroker])
      expect(readme).toMatch(new RegExp(`create secret (generic|tls) ${wordOf(name)} `));
  });

  it('lets KEDA and nobody else to the monitoring port of the broker', () => {
    const rules = resources
      .filter(({ kind }) => wordOf(kind) === 'NetworkPolicy')
      .flatMap((policy) => listOf(policy['spec']?.['ingress']));
    const open = rules.filter((rule) => listOf(rule['ports']).some(({ port }) => Number(port) === 8222));
    expect(open.map(({ from }) => from)).toEqual([
      [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'keda' } } }],
    ]);
    expect(rules.every((rule) => listOf(rule['ports']).length > 0)).toBe(true);
  });

  it('runs nothing as root and writes to no image', () => {
    for (const pod of [podOfRun(), podOfWorker()]) {
      expect(pod['securityContext']).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
      for (const container of [...listOf(pod['initContainers']), ...listOf(pod['containers'])])
        expect(container['securityContext']).toMatchObject({
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
        });
    }
  });

  it('does not try again what would end the same way', () => {
    const [rule] = listOf(one('Job')['spec']?.['podFailurePolicy']?.['rules']);
    expect(rule?.['onExitCodes']?.['values']).toEqual([2, 64, 65, 78]);
  });

  it('brings an experiment that loads', () => {
    expect(readFileSync(pathOf(`${base}/experiment.yaml`), 'utf8')).not.toContain('root:');
    expect(() => loadConfig({ file: pathOf(`${base}/experiment.yaml`), set: [] })).not.toThrow();
  });
});
