"""gunicorn on one box, behind a proxy: `gunicorn --config deploy/gunicorn.conf.py --bind …`.

How many workers there are says WEB_CONCURRENCY, which gunicorn reads itself. Each opens up to DATABASE_POOL connections
to the database. While one release takes over from another there are twice as many, and the database has to allow them.
"""

wsgi_app = "wsgi:app"
worker_class = "gthread"
threads = 8
# Read once and then forked: what is wrong with the settings is said once, and the workers share their memory.
preload_app = True
# A thread goes on telling a large table once its answer is out (see poker_app/web/http/after_response.py). With
# connections that are kept, the same browser's next request would wait for it.
keepalive = 0
# Seconds for requests under way when a release is taken out of service.
graceful_timeout = 30
# The workers' signs of life are files: on a disk that is slow they would count as dead.
worker_tmp_dir = "/dev/shm"  # noqa: S108 (gunicorn makes a folder of its own in it)
# One more door into the process, which systemd makes superfluous.
control_socket_disable = True
