//! The same architecture, the same findings: in CloudFormation, as a Serverless template, as Terraform source, and as a plan.
//!
//! `scripts/plans/refresh.py` writes the plans, `scripts/expand-sam.py` the good architecture in plain CloudFormation.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use sra_guard::finding::{Finding, Verdict};
use sra_guard::scan::{Request, scan};
use sra_guard::source::SourceMap;

use crate::support::rules;

struct Architecture {
    template: &'static str,
    terraform: &'static str,
    plan: &'static str,
    /// What a resource in Terraform is called in the template, where that does not follow from its name. A name in
    /// Terraform stands for all of its instances.
    names: &'static [(&'static str, &'static str)],
}

const ARCHITECTURES: [Architecture; 9] = [
    Architecture {
        template: "examples/alb-login-lambda/template.yaml",
        terraform: "examples/alb-login-lambda/terraform",
        plan: "examples/alb-login-lambda/plan.json",
        names: &[],
    },
    Architecture {
        template: "examples/alb-login-lambda/repaired.yaml",
        terraform: "examples/alb-login-lambda/terraform-repaired",
        plan: "examples/alb-login-lambda/plan-repaired.json",
        names: &[],
    },
    Architecture {
        template: "examples/private-resource-server/template.yaml",
        terraform: "examples/private-resource-server/terraform",
        plan: "examples/private-resource-server/plan.json",
        names: RESOURCE_SERVER,
    },
    Architecture {
        template: "examples/private-resource-server/repaired.yaml",
        terraform: "examples/private-resource-server/terraform-repaired",
        plan: "examples/private-resource-server/plan-repaired.json",
        names: RESOURCE_SERVER,
    },
    Architecture {
        template: "examples/serverless-board/template.yaml",
        terraform: "examples/serverless-board/terraform",
        plan: "examples/serverless-board/plan.json",
        names: &[],
    },
    Architecture {
        template: "examples/serverless-board/repaired",
        terraform: "examples/serverless-board/terraform-repaired",
        plan: "examples/serverless-board/plan-repaired.json",
        names: &[
            // Routes and authorizers of a Serverless API are parts of it.
            ("aws_apigatewayv2_route.post", "Api"),
            ("aws_apigatewayv2_authorizer.board", "Api"),
            ("aws_iam_role_policy.put_posts", "PostFunctionRole"),
        ],
    },
    Architecture {
        template: "examples/client-vpn-self-service/template.yaml",
        terraform: "examples/client-vpn-self-service/terraform",
        plan: "examples/client-vpn-self-service/plan.json",
        names: &[],
    },
    Architecture {
        template: "examples/client-vpn-self-service/repaired.yaml",
        terraform: "examples/client-vpn-self-service/terraform-repaired",
        plan: "examples/client-vpn-self-service/plan-repaired.json",
        names: &[("aws_iam_role_policy.associate_one_subnet", "FunctionRole")],
    },
    Architecture {
        template: "tests/fixtures/good/template.yaml",
        terraform: "tests/fixtures/good/terraform",
        plan: "tests/fixtures/good/plan.json",
        names: GOOD,
    },
];

const RESOURCE_SERVER: &[(&str, &str)] = &[
    ("aws_iam_role_policy.read_client_secret", "ClientRole"),
    ("aws_vpc_security_group_ingress_rule.server_from_client", "ServerSecurityGroup"),
];

const GOOD: &[(&str, &str)] = &[
    // --- network and front end
    ("aws_security_group.door", "DoorSg"),
    ("aws_vpc_security_group_ingress_rule.app_from_door", "AppSg"),
    ("aws_lb.front", "Alb"),
    ("aws_lb_listener_rule.reports", "ReportsRule"),
    ("aws_lb_listener_rule.logout", "LogoutRule"),
    ("aws_lb_target_group.function[\"reports\"]", "ReportTargets"),
    ("aws_lb_target_group.function[\"logout\"]", "LogoutTargets"),
    ("aws_lambda_permission.front[\"reports\"]", "ReportPermission"),
    ("aws_lambda_permission.front[\"logout\"]", "LogoutPermission"),
    ("aws_ecs_service.desk", "Service"),
    ("aws_iam_role.task", "TaskRole"),
    ("aws_iam_role_policy.read_orders", "TaskRole"),
    ("aws_iam_role.execution", "ExecutionRole"),
    // --- identities
    ("aws_cognito_user_pool_client.desk", "DeskClient"),
    ("aws_cognito_user_pool_client.customer", "CustomerClient"),
    ("aws_iam_role.browser", "BrowserRole"),
    ("aws_iam_role_policy.own_rows", "BrowserRole"),
    // --- APIs
    ("aws_apigatewayv2_route.customers", "CustomerApi"),
    ("aws_apigatewayv2_authorizer.customers", "CustomerApi"),
    ("aws_lambda_permission.customers[\"POST /orders\"]", "OrderFunctionPlacePermission"),
    ("aws_lambda_permission.customers[\"GET /orders\"]", "OrderFunctionListPermission"),
    ("aws_lambda_permission.customers[\"POST /decisions\"]", "DecideFunctionDecidePermission"),
    ("aws_api_gateway_method.post_orders", "PartnerPost"),
    ("aws_api_gateway_method.get_orders", "PartnerGet"),
    ("aws_lambda_permission.partners", "PartnerPermission"),
    // --- functions
    ("module.function[\"ask\"].aws_lambda_function.this", "AskFunction"),
    ("module.function[\"ask\"].aws_iam_role.this", "AskFunctionRole"),
    ("module.function[\"decide\"].aws_lambda_function.this", "DecideFunction"),
    ("module.function[\"decide\"].aws_iam_role.this", "DecideFunctionRole"),
    ("module.function[\"decide\"].aws_iam_role_policy.this", "DecideFunctionRole"),
    ("module.function[\"logout\"].aws_lambda_function.this", "LogoutFunction"),
    ("module.function[\"logout\"].aws_iam_role.this", "LogoutFunctionRole"),
    ("module.function[\"orders\"].aws_lambda_function.this", "OrderFunction"),
    ("module.function[\"orders\"].aws_iam_role.this", "OrderFunctionRole"),
    ("module.function[\"orders\"].aws_iam_role_policy.this", "OrderFunctionRole"),
    ("module.function[\"partners\"].aws_lambda_function.this", "PartnerFunction"),
    ("module.function[\"partners\"].aws_iam_role.this", "PartnerFunctionRole"),
    ("module.function[\"reports\"].aws_lambda_function.this", "ReportFunction"),
    ("module.function[\"reports\"].aws_iam_role.this", "ReportFunctionRole"),
    ("aws_lambda_function_url.partners", "PartnerFunctionUrl"),
    // --- approval
    ("aws_iam_role.approval", "ApprovalRole"),
    ("aws_iam_role_policy.ask", "ApprovalRole"),
];

impl Architecture {
    /// What a subject is called in the template: `aws_lb.load_balancer` is `LoadBalancer`.
    fn name(&self, finding: &Finding) -> String {
        let name = &finding.subject.name;
        if !finding.subject.format.starts_with("terraform") {
            return name.clone();
        }
        let is = |own: &str| name.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('['));
        if let Some((_, known)) = self.names.iter().find(|(own, _)| is(own)) {
            return (*known).to_owned();
        }
        let words = name.rsplit('.').next().unwrap_or_default().split('_');
        words.map(|word| format!("{}{}", word[..1].to_ascii_uppercase(), &word[1..])).collect()
    }

    /// How often each (rule, subject, verdict, severity) stands among the findings of some paths.
    fn findings(&self, paths: &[&str]) -> BTreeMap<(String, String, Verdict, &'static str), usize> {
        let request = Request {
            paths: paths.iter().map(PathBuf::from).collect(),
            rules: rules().clone(),
            keep_all: true,
            ..Request::default()
        };
        let report = scan(&request, &SourceMap::default(), &|_| {});
        assert!(report.findings.len() >= 10, "{paths:?}: {:?}", report.notes);
        let mut found = BTreeMap::new();
        for finding in &report.findings {
            assert!(finding.conditions.is_empty(), "{paths:?}: {finding:?}");
            let key = (finding.rule.id.clone(), self.name(finding), finding.verdict, finding.severity.key());
            *found.entry(key).or_default() += 1;
        }
        found
    }

    /// Asserts that some paths have the findings of the template.
    fn compare(&self, paths: &[&str]) {
        let (expected, found) = (self.findings(&[self.template]), self.findings(paths));
        let mut text = String::new();
        for (sign, these, those) in [("only in the template", &expected, &found), ("only here", &found, &expected)] {
            for (key, count) in these.iter().filter(|(key, count)| those.get(*key) != Some(count)) {
                let _ = writeln!(text, "{sign}: {count} {key:?}");
            }
        }
        assert!(text.is_empty(), "{paths:?}:\n{text}");
    }
}

/// A template with its functions as Serverless ones.
fn serverless(template: &str) -> String {
    let text = std::fs::read_to_string(template).unwrap();
    let mut lines = vec!["Transform: AWS::Serverless-2016-10-31".to_owned()];
    let mut code = false;
    for line in text.lines() {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        match trimmed {
            "Code:" => code = true,
            "ZipFile: |" => lines.push(format!("{}InlineCode: |", &line[..indent - 2])),
            _ if trimmed.starts_with("ZipFile: ") => {
                lines.push(format!("{}Inline{}", &line[..indent - 2], trimmed.replacen("ZipFile", "Code", 1)));
            }
            "Type: AWS::Lambda::Function" => lines.push(line.replace("Lambda", "Serverless")),
            _ => lines.push(line.to_owned()),
        }
    }
    assert!(code, "{template} has no function with its code");
    lines.join("\n")
}

#[test]
fn a_serverless_template_has_the_findings_of_the_plain_one() {
    let mut compared = 0;
    for architecture in &ARCHITECTURES {
        let text = std::fs::read_to_string(architecture.template).unwrap_or_default();
        if !text.contains("Type: AWS::Lambda::Function") {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("template.yaml");
        std::fs::write(&path, serverless(architecture.template)).unwrap();
        architecture.compare(&[path.to_str().unwrap()]);
        compared += 1;
    }
    assert_eq!(compared, 5);
}

/// Routes and authorizers of a Serverless API are parts of it here as there, since the transform writes them into its body.
#[test]
fn the_expanded_good_architecture_has_the_findings_of_the_serverless_one() {
    let good = ARCHITECTURES.iter().find(|architecture| architecture.template.contains("good")).unwrap();
    good.compare(&["tests/fixtures/good/expanded.json"]);
}

#[test]
fn terraform_source_has_the_findings_of_the_template() {
    for architecture in &ARCHITECTURES {
        architecture.compare(&[architecture.terraform]);
    }
}

#[test]
fn a_plan_beside_its_source_has_the_findings_of_the_template() {
    for architecture in &ARCHITECTURES {
        architecture.compare(&[architecture.plan, architecture.terraform]);
    }
}

/// A plan says of what is only known after apply at most what it refers to. So a verdict may be unknown instead, but
/// never another one.
#[test]
fn a_plan_alone_decides_less_but_nothing_else() {
    let mut unknown = String::new();
    for architecture in &ARCHITECTURES {
        let verdicts = |paths: &[&str]| {
            let mut found: BTreeMap<(String, String), Vec<Verdict>> = BTreeMap::new();
            for ((rule, name, verdict, _), count) in architecture.findings(paths) {
                found.entry((rule, name)).or_default().extend(std::iter::repeat_n(verdict, count));
            }
            found
        };
        let expected = verdicts(&[architecture.template]);
        let _ = writeln!(unknown, "{}", architecture.plan);
        for ((rule, name), found) in verdicts(&[architecture.plan]) {
            // Which of several targets a function behind a load balancer has may not be known, and so not its name.
            let Some(expected) = expected.get(&(rule.clone(), name.clone())) else {
                assert!(found.iter().all(|verdict| *verdict == Verdict::Unknown), "{rule} {name}: {found:?}");
                let _ = writeln!(unknown, "  {rule} {name} (unknown here)");
                continue;
            };
            for verdict in found {
                assert!(
                    verdict == Verdict::Unknown || expected.contains(&verdict),
                    "{}: {rule} {name} is {verdict}, not {expected:?}",
                    architecture.plan
                );
                if verdict == Verdict::Unknown {
                    let _ = writeln!(unknown, "  {rule} {name}");
                }
            }
        }
    }
    insta::assert_snapshot!(unknown);
}
