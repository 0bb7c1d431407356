"""A LocalStack plugin: a change set is described without the resources whose condition is false.

LocalStack 4.13 leaves them out when it deploys, but not when it describes what it would deploy, which `sam deploy`
asks first: there it fails at the first reference between two of them.
"""

from typing import Any

from localstack.runtime import hooks


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def leave_out_what_is_not_deployed() -> None:
    """Have the describer visit what the deployment visits."""
    from localstack.services.cloudformation.engine.v2 import change_set_model_describer

    describer = change_set_model_describer.ChangeSetModelDescriber
    describe_all = describer.visit_node_resources

    def describe_deployed(self: Any, node_resources: Any) -> None:
        deployed = [resource for resource in node_resources.resources if _is_deployed(self, resource)]
        listed = node_resources.resources
        node_resources.resources = deployed
        try:
            describe_all(self, node_resources)
        finally:
            node_resources.resources = listed

    describer.visit_node_resources = describe_deployed


def _is_deployed(describer: Any, resource: Any) -> bool:
    if not resource.condition_reference:
        return True
    return describer._resolve_resource_condition_reference(resource.condition_reference).after is not False
