import { hpa } from './build.ts';
import { describeWarning } from './warning-rows.ts';

describeWarning('autoscaled-and-pinned', 'spec.replicas', {
	speaks: [
		{ it: 'replicas set and an HPA', spec: { replicas: 3 }, around: hpa, says: 'search-hpa' },
		{ it: 'replicas 0 is set too', spec: { replicas: 0 }, around: hpa },
		{
			it: 'an HPA with a name of 253 characters',
			spec: { replicas: 3 },
			around: { autoscaler: { namespace: 'demo', name: 'h'.repeat(253), target: 'search' } },
		},
	],
	silent: [
		{ it: 'replicas unset', spec: {}, around: hpa },
		{ it: 'no HPA', spec: { replicas: 3 } },
	],
});

describeWarning('stdio-autoscaled', 'spec.transport', {
	speaks: [
		{ it: 'stdio and an HPA', spec: { stdio: true }, around: hpa, says: 'search-hpa' },
		{ it: 'also when replicas is set', spec: { stdio: true, replicas: 1 }, around: hpa },
	],
	silent: [
		{ it: 'HTTP and an HPA', spec: {}, around: hpa },
		{ it: 'no HPA', spec: { stdio: true } },
	],
});
