"""How a run tells the plugin that dbt works for it."""

# The run that dbt works for, where it is not a run of its own.
RUN = "GOLDLOOP_RUN"
# Whether it only tries that everything can be built: what is trained tells however good it is.
SMOKE = "GOLDLOOP_SMOKE"
