variable "vpc_id" {
  description = "VPC of the load balancer"
  type        = string
}

variable "public_subnets" {
  description = "Public subnets of the load balancer"
  type        = list(string)
}

variable "certificate_arn" {
  description = "ACM certificate of api.awsexample.com"
  type        = string
}

variable "hosted_zone_id" {
  description = "Hosted zone of awsexample.com"
  type        = string
}

variable "saml_metadata_url" {
  description = "Where IAM Identity Center publishes its SAML metadata"
  type        = string
  default     = "https://portal.sso.ap-northeast-1.amazonaws.com/saml/metadata/ExAmPlExAmPlExAmPlExAmPlExAmPl"
}
