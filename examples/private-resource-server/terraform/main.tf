data "aws_partition" "current" {}

data "aws_ssm_parameter" "image_id" {
  name = var.image_parameter
}

data "aws_iam_policy_document" "ec2" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "client_role" {
  name               = "orders-client"
  assume_role_policy = data.aws_iam_policy_document.ec2.json
}

data "aws_iam_policy_document" "read_client_secret" {
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [aws_secretsmanager_secret.client_secret.arn]
  }
}

resource "aws_iam_role_policy" "read_client_secret" {
  name   = "read-client-secret"
  role   = aws_iam_role.client_role.id
  policy = data.aws_iam_policy_document.read_client_secret.json
}

resource "aws_iam_instance_profile" "client_profile" {
  name = "orders-client"
  role = aws_iam_role.client_role.name
}

resource "aws_iam_role" "server_role" {
  name               = "orders-server"
  assume_role_policy = data.aws_iam_policy_document.ec2.json
}

resource "aws_iam_role_policy_attachment" "server_role" {
  role       = aws_iam_role.server_role.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "server_profile" {
  name = "orders-server"
  role = aws_iam_role.server_role.name
}

resource "aws_secretsmanager_secret" "client_secret" {
  description = "Client id and secret of the application client"
}

resource "aws_instance" "app_client" {
  ami                    = data.aws_ssm_parameter.image_id.value
  instance_type          = "t3.micro"
  subnet_id              = aws_subnet.client_subnet.id
  vpc_security_group_ids = [aws_security_group.client_security_group.id]
  iam_instance_profile   = aws_iam_instance_profile.client_profile.name

  tags = {
    "sra:tier" = "app-client"
  }
}

resource "aws_instance" "resource_server" {
  ami                    = data.aws_ssm_parameter.image_id.value
  instance_type          = "t3.micro"
  subnet_id              = aws_subnet.server_subnet.id
  vpc_security_group_ids = [aws_security_group.server_security_group.id]
  iam_instance_profile   = aws_iam_instance_profile.server_profile.name

  tags = {
    "sra:tier" = "resource-server"
  }
}
