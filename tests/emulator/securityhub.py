"""Security Hub as its API reference describes it: findings are validated on import, newer ones replace older ones but keep
what users have set, filters filter, `BatchUpdateFindings` exists, and a region that aggregates shows the findings of all.
Error texts are not those of AWS.
"""

import json
import re

REQUIRED = (
    "SchemaVersion",
    "Id",
    "ProductArn",
    "GeneratorId",
    "AwsAccountId",
    "CreatedAt",
    "UpdatedAt",
    "Title",
    "Description",
    "Resources",
)
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")
SEVERITIES = {"INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"}
STATUSES = (None, "PASSED", "WARNING", "FAILED", "NOT_AVAILABLE")
USERS = ("Note", "UserDefinedFields", "VerificationState", "Workflow")


def flaw(finding, account, region):
    """Why a finding is refused: the limits of the AWS Security Finding Format."""
    for key in REQUIRED:
        if not finding.get(key):
            return f"data should have required property '{key}'"
    severity = finding.get("Severity")
    checks = (
        (finding["SchemaVersion"] == "2018-10-08", "Invalid SchemaVersion"),
        (len(finding["Title"]) <= 256, "data.Title should NOT be longer than 256 characters"),
        (len(finding["Description"]) <= 1024, "data.Description should NOT be longer than 1024 characters"),
        (len(finding["Resources"]) <= 32, "data.Resources should NOT have more than 32 items"),
        (isinstance(severity, dict), "data should have required property 'Severity'"),
        (isinstance(severity, dict) and severity.get("Label", "LOW") in SEVERITIES, "Invalid Severity.Label"),
        (finding.get("Compliance", {}).get("Status") in STATUSES, "Invalid Compliance.Status"),
        (TIME.match(finding["CreatedAt"]), "data.CreatedAt should match format date-time"),
        (TIME.match(finding["UpdatedAt"]), "data.UpdatedAt should match format date-time"),
        (finding["AwsAccountId"] == account, "AccessDenied: AwsAccountId is not the caller's"),
        (
            re.match(rf"arn:aws[a-z-]*:securityhub:{region}:({account})?:product/", finding["ProductArn"]),
            "AccessDenied: ProductArn is not of this account and region",
        ),
        (len(finding.get("ProductFields", {})) <= 50, "data.ProductFields should NOT have more than 50 properties"),
        (len(finding.get("Types") or []) <= 50, "data.Types should NOT have more than 50 items"),
        (len(json.dumps(finding)) <= 240 * 1024, "the finding exceeds 240 KB"),
    )
    return next((message for holds, message in checks if not holds), None)


def refused(code, status, message):
    body = json.dumps({"__type": code, "Message": message})
    return status, {"status": status, "x-amzn-errortype": code}, body


COMPARE = {
    "EQUALS": lambda value, wanted: value == wanted,
    "PREFIX": lambda value, wanted: value.startswith(wanted),
    "NOT_EQUALS": lambda value, wanted: value != wanted,
    "PREFIX_NOT_EQUALS": lambda value, wanted: not value.startswith(wanted),
    "CONTAINS": lambda value, wanted: wanted in value,
    "NOT_CONTAINS": lambda value, wanted: wanted not in value,
}
PATHS = {
    "SeverityLabel": "Severity.Label",
    "ComplianceStatus": "Compliance.Status",
    "WorkflowStatus": "Workflow.Status",
    "ResourceId": "Resources[].Id",
    "ResourceType": "Resources[].Type",
}


def values(finding, path):
    current = [finding]
    for step in path.split("."):
        key, many = step.removesuffix("[]"), step.endswith("[]")
        found = [value[key] for value in current if isinstance(value, dict) and key in value]
        current = [item for value in found for item in value] if many else found
    return [str(value) for value in current]


def matches(finding, filters):
    """Conditions that ask for something are joined with or, those that exclude with and (`AwsSecurityFindingFilters`)."""

    def holds(key, conditions):
        if key in ("UpdatedAt", "CreatedAt", "FirstObservedAt", "LastObservedAt"):
            time = finding.get(key, "")
            return any(of.get("Start", "") <= time <= of.get("End", "9") for of in conditions)
        if key == "ProductFields":
            fields = finding.get("ProductFields", {})
            return any(COMPARE[of["Comparison"]](str(fields.get(of["Key"], "")), of["Value"]) for of in conditions)
        found = values(finding, PATHS.get(key, key))
        excluding = [of for of in conditions if "NOT" in of["Comparison"]]
        asking = [of for of in conditions if "NOT" not in of["Comparison"]]
        return (not asking or any(COMPARE[of["Comparison"]](it, of["Value"]) for of in asking for it in found)) and all(
            COMPARE[of["Comparison"]](it, of["Value"]) for of in excluding for it in found
        )

    return all(holds(key, conditions) for key, conditions in (filters or {}).items())


def patch():
    import moto.securityhub.models as models
    import moto.securityhub.urls as urls
    from moto.securityhub.responses import SecurityHubResponse

    def known(backend, of):
        same = (found for found in backend.findings if found.id == of["Id"])
        return next((found for found in same if found.data["ProductArn"] == of["ProductArn"]), None)

    def batch_import_findings(self):
        backend, findings = self.securityhub_backend, json.loads(self.body).get("Findings", [])
        if not backend.enabled:
            message = f"Account {self.current_account} is not subscribed to AWS Security Hub"
            return refused("InvalidAccessException", 401, message)
        if not 1 <= len(findings) <= 100:
            return refused("InvalidInputException", 400, "Findings should NOT have more than 100 items")
        failed = []
        for finding in findings:
            error = flaw(finding, self.current_account, self.region)
            if error:
                code = "AccessDenied" if error.startswith("AccessDenied") else "InvalidInput"
                failed.append({"Id": finding.get("Id"), "ErrorCode": code, "ErrorMessage": error})
                continue
            old = known(backend, finding)
            if old is None:
                new = {"RecordState": "ACTIVE", "Workflow": {"Status": "NEW"}, **finding}
                backend.findings.append(models.Finding(finding["Id"], new))
            elif finding["UpdatedAt"] > old.data["UpdatedAt"]:
                old.data.update({key: value for key, value in finding.items() if key not in USERS})
        answer = {
            "FailedCount": len(failed),
            "SuccessCount": len(findings) - len(failed),
            "FailedFindings": failed,
        }
        return json.dumps(answer)

    aggregating = {}

    def create_finding_aggregator(self):
        if not self.securityhub_backend.enabled:
            return refused("InvalidAccessException", 401, "not subscribed")
        aggregating[self.current_account] = self.region
        arn = f"arn:aws:securityhub:{self.region}:{self.current_account}:finding-aggregator/1"
        return json.dumps({"FindingAggregatorArn": arn, **json.loads(self.body)})

    def get_findings(self):
        given = json.loads(self.body or b"{}")
        count, start = int(given.get("MaxResults") or 100), int(given.get("NextToken") or 0)
        backends = {self.region: self.securityhub_backend}
        if aggregating.get(self.current_account) == self.region:
            backends |= models.securityhub_backends[self.current_account]
        found = [
            {**finding.as_dict(), "Region": region}
            for region, backend in backends.items()
            for finding in backend.findings
            if matches(finding.data, given.get("Filters"))
        ]
        answer = {"Findings": found[start : start + count]}
        if start + count < len(found):
            answer["NextToken"] = str(start + count)
        return json.dumps(answer)

    def batch_update_findings(self):
        given = json.loads(self.body)
        processed, left = [], []
        for of in given["FindingIdentifiers"]:
            finding = known(self.securityhub_backend, of)
            if finding is None:
                error = {"ErrorCode": "FindingNotFound", "ErrorMessage": "Finding Not Found"}
                left.append({"FindingIdentifier": of, **error})
                continue
            finding.data.update({key: value for key, value in given.items() if key != "FindingIdentifiers"})
            processed.append(of)
        return json.dumps({"ProcessedFindings": processed, "UnprocessedFindings": left})

    SecurityHubResponse.batch_import_findings = batch_import_findings
    SecurityHubResponse.get_findings = get_findings
    SecurityHubResponse.create_finding_aggregator = create_finding_aggregator
    SecurityHubResponse.batch_update_findings = batch_update_findings
    urls.url_paths["{0}/findings/batchupdate$"] = SecurityHubResponse.dispatch
    urls.url_paths["{0}/findingAggregator/create$"] = SecurityHubResponse.dispatch
