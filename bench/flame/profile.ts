import { type Profiler, Session } from 'node:inspector';

/** Where V8 was, by samples, while `work` ran in this thread. Threads that V8 has beside it (its collector's) are not in it. */
export async function profiled(work: () => void): Promise<Profiler.Profile> {
  const session = new Session();
  session.connect();
  await post(session, 'Profiler.enable');
  await post(session, 'Profiler.setSamplingInterval', { interval: INTERVAL_US });
  await post(session, 'Profiler.start');
  work();
  const profile = await new Promise<Profiler.Profile>((resolve, reject) => {
    session.post('Profiler.stop', (error, result) => (error === null ? resolve(result.profile) : reject(error)));
  });
  session.disconnect();
  return profile;
}

const INTERVAL_US = 200;

const post = (session: Session, method: string, parameters: object = {}): Promise<void> =>
  new Promise((resolve, reject) => {
    session.post(method, parameters, error => (error === null ? resolve() : reject(error)));
  });
