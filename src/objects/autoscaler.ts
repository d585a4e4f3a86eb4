/** A HorizontalPodAutoscaler (autoscaling/v2): which Deployment it scales. */
import { type Autoscaler, isObject, type Json, metadataOf } from '../toolhive/types.ts';
import { textOf } from './metadata.ts';

/** What the watch cache keeps of an autoscaler; undefined for those that scale something else. */
export function autoscalerOf(object: Json): Autoscaler | undefined {
	const spec = object['spec'];
	const target = isObject(spec) ? spec['scaleTargetRef'] : undefined;
	if (!isObject(target) || target['kind'] !== 'Deployment') return undefined;
	const metadata = metadataOf(object);
	return {
		namespace: textOf(metadata['namespace']) ?? '',
		name: textOf(metadata['name']) ?? '',
		target: textOf(target['name']) ?? '',
	};
}
