import { image, memory, redis } from '../../harness/servers.ts';
import { describeWarning } from '../../harness/warning-rows.ts';

const annotated = { podAnnotations: true, sessionStorage: redis } as const;

describeWarning('run-config-restart-missing', 'spec.resourceOverrides.proxyDeployment', {
	speaks: [
		{ it: 'annotations, redis, v0.12.5', spec: annotated, around: image(':v0.12.5') },
		{ it: 'annotations, redis, v0.15.9', spec: annotated, around: image(':v0.15.9') },
		{
			it: 'annotations, backends, v0.15.0',
			spec: { podAnnotations: true, backendReplicas: 0 },
			around: image(':v0.15.0'),
		},
	],
	silent: [
		{ it: 'v0.16.0', spec: annotated, around: image(':v0.16.0') },
		{ it: 'a version that is not known', spec: annotated, around: image(':latest') },
		{ it: 'no Deployment yet', spec: annotated },
		{ it: 'no annotations', spec: { sessionStorage: redis }, around: image(':v0.12.5') },
		{
			it: 'nothing of scaling in the RunConfig',
			spec: { podAnnotations: true, sessionStorage: memory },
			around: image(':v0.12.5'),
		},
	],
});
