use super::*;
use crate::graph::Graph;
use crate::input::cloudformation::evaluate_text;

const FUNCTIONS: &str = "
Parameters:
  Stage: {Type: String}
  Region: {Type: String}
Resources:
  Board:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: board, Role: 'arn:aws:iam::111122223333:role/board'}
  Staged:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: !Sub '${Stage}-board', Role: !Ref Stage}
  Version:
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !Ref Board}
  Live:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !Ref Board, FunctionVersion: !GetAtt Version.Version, Name: live}
";

fn graph(rest: &str) -> Graph {
    Graph::new(evaluate_text(&format!("{FUNCTIONS}{rest}")).1.resources)
}

/// The function and qualifier that a permission's `FunctionName` leads to.
fn resolved(written: &str) -> (String, String) {
    let permission = format!(
        "  P:\n    Type: AWS::Lambda::Permission\n    Properties: {{FunctionName: {written}, Action: lambda:InvokeFunction, Principal: sns.amazonaws.com}}\n"
    );
    let graph = graph(&permission);
    let found = &graph.lambda.permissions[0].function;
    let function = match &found.function {
        Typed::Known(Target::Resource(address), _) => address.0.split('#').nth(1).unwrap().to_owned(),
        Typed::Known(Target::Outside(text), _) => format!("outside {text}"),
        Typed::Unknown(..) => "unknown".to_owned(),
        Typed::Absent(_) => "absent".to_owned(),
    };
    let qualifier = match &found.qualifier {
        Qualifier::None => String::new(),
        Qualifier::Resource(address) => address.0.split('#').nth(1).unwrap().to_owned(),
        Qualifier::Name(name) => name.clone(),
        Qualifier::Unknown(_) => "unknown".to_owned(),
    };
    (function, qualifier)
}

#[test]
fn every_way_to_name_a_function_leads_to_it() {
    let cases = [
        ("!Ref Board", "Board", ""),
        ("!GetAtt Board.Arn", "Board", ""),
        ("board", "Board", ""),
        ("'board:live'", "Board", "Live"),
        ("'board:7'", "Board", "7"),
        ("'board:$LATEST'", "Board", ""),
        ("'arn:aws:lambda:eu-west-1:111122223333:function:board'", "Board", ""),
        ("'arn:aws:lambda:eu-west-1:111122223333:function:board:live'", "Board", "Live"),
        ("!Sub 'arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:board'", "Board", ""),
        ("!Sub 'arn:aws:lambda:${Region}:111122223333:function:board'", "Board", ""),
        ("!Sub '${Board.Arn}:live'", "Board", "Live"),
        ("!Ref Live", "Board", "Live"),
        ("!Ref Version", "Board", "Version"),
        ("!Sub '${Stage}-board'", "Staged", ""),
        ("!Ref Stage", "unknown", ""),
        ("other", "outside other", ""),
        ("[board]", "unknown", ""),
    ];
    for (written, function, qualifier) in cases {
        assert_eq!(resolved(written), (function.to_owned(), qualifier.to_owned()), "{written}");
    }
}

#[test]
fn a_url_of_an_alias_is_the_alias_s() {
    let graph = graph(
        "  Url:\n    Type: AWS::Lambda::Url\n    Properties: {TargetFunctionArn: !Ref Board, Qualifier: live, AuthType: NONE}\n",
    );
    let url = &graph.lambda.urls[0];
    assert_eq!(url.function.qualifier, Qualifier::Resource(Address("template.yaml#Live".into())));
    assert_eq!(url.function.address().unwrap().0.as_ref(), "template.yaml#Board");
}

#[test]
fn aliases_that_name_each_other_end_as_unknown() {
    let resources = evaluate_text(
        "
Resources:
  A: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref B}}
  B: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref A}}
  P: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref A, Principal: '*'}}
",
    );
    let graph = Graph::new(resources.1.resources);
    assert!(matches!(graph.lambda.permissions[0].function.function, Typed::Unknown(..)));
}

#[test]
fn a_function_without_a_vpc_says_so() {
    let graph = graph("");
    assert!(matches!(graph.lambda.functions[0].subnets, Typed::Absent(_)));
    assert!(matches!(graph.lambda.functions[1].role, Typed::Unknown(..)));
}
