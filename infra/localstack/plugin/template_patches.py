"""A LocalStack plugin: two things in templates that LocalStack 4.13 can't do by itself."""

from typing import Any

from localstack.runtime import hooks


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def leave_out_what_is_not_deployed() -> None:
    """Describe a change set without the resources whose condition is false.

    They are left out of a deployment anyway, but `sam deploy` asks for the description first, which fails at a
    reference from one of them to another.
    """
    from localstack.services.cloudformation.engine.v2.change_set_model_describer import ChangeSetModelDescriber

    describe_all = ChangeSetModelDescriber.visit_node_resources

    def describe_deployed(self: Any, node_resources: Any) -> None:
        listed = node_resources.resources
        node_resources.resources = [resource for resource in listed if _is_deployed(self, resource)]
        try:
            describe_all(self, node_resources)
        finally:
            node_resources.resources = listed

    ChangeSetModelDescriber.visit_node_resources = describe_deployed


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def know_what_sam_will_make() -> None:
    """Take a reference to what SAM has yet to make, such as a function's role, for one that is resolved later.

    While includes are resolved, the visitor does so with every reference that raises a RuntimeError.
    """
    from localstack.services.cloudformation.engine.v2.change_set_model_transform import ChangeSetModelTransform
    from localstack.services.cloudformation.engine.validations import ValidationError

    find = ChangeSetModelTransform._get_node_resource_for

    def find_or_leave(self: Any, resource_name: str, node_template: Any) -> Any:
        try:
            return find(self, resource_name, node_template)
        except ValidationError as error:
            raise RuntimeError(str(error)) from error

    ChangeSetModelTransform._get_node_resource_for = find_or_leave


def _is_deployed(describer: Any, resource: Any) -> bool:
    if not resource.condition_reference:
        return True
    return describer._resolve_resource_condition_reference(resource.condition_reference).after is not False
