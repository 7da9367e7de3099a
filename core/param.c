/* Parameters: variables that the environment can set before main. */

#include "program.h"

#include <stdlib.h>
#include <string.h>
#include <weft/error.h>
#include <weft/param.h>

/* All of them, in the order of their definitions in each file. Complete before main begins. */
static weft__param *params, **end_of_params = &params;

static const char *setting(const char *name) {
    const char *text = getenv(name);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

/* Whether the text is a value that the parameter may have. */
static bool parse(const weft__param *param, const char *text, double *value) {
    if (param->type == WEFT__PARAM_BOOL && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
        *value = text[0] == 't';
        return true;
    }
    char *end;
    *value = strtod(text, &end);
    if (end == text || *end != '\0' || !(*value >= param->least && *value <= param->most))
        return false;
    return param->type == WEFT__PARAM_DOUBLE || *value == (int)*value;
}

double weft__param_value(const weft__param *param) {
    if (param->type == WEFT__PARAM_BOOL)
        return *(const bool *)param->variable;
    return param->type == WEFT__PARAM_INT ? *(const int *)param->variable : *(const double *)param->variable;
}

void weft__param_set(const weft__param *param, double value) {
    if (param->type == WEFT__PARAM_BOOL)
        *(bool *)param->variable = value != 0;
    else if (param->type == WEFT__PARAM_INT)
        *(int *)param->variable = (int)value;
    else
        *(double *)param->variable = value;
}

void weft__param_add(weft__param *param) {
    const char *text = setting(param->setting);
    double value;
    *end_of_params = param;
    end_of_params = &param->next;
    if (text != NULL && parse(param, text, &value))
        weft__param_set(param, value);
}

static const weft_error *check_value(const weft__param *param) {
    const char *text = setting(param->setting);
    double value;
    if (text == NULL || parse(param, text, &value))
        return NULL;
    if (param->type == WEFT__PARAM_BOOL)
        return weft_error_new(WEFT_INVALID_ARGUMENT, "%s is \"%s\", which is not true or false",
                              param->setting, text);
    return weft_error_new(WEFT_INVALID_ARGUMENT, "%s is \"%s\", which is not a%s number from %.15g to %.15g",
                          param->setting, text, param->type == WEFT__PARAM_INT ? " whole" : "", param->least,
                          param->most);
}

static bool exists(const char *name, size_t length) {
    for (const weft__param *param = params; param != NULL; param = param->next)
        if (strncmp(param->name, name, length) == 0 && param->name[length] == '\0')
            return true;
    return false;
}

/* The names that WEFT_PARAMS lists must be those of parameters. */
static const weft_error *check_names(void) {
    const char *at = setting("WEFT_PARAMS");
    for (size_t length; at != NULL && *(at += strspn(at, " ")) != '\0'; at += length) {
        length = strcspn(at, " ");
        if (!exists(at, length))
            return weft_error_new(WEFT_INVALID_ARGUMENT, "the program has no parameter \"%.*s\"", (int)length,
                                  at);
    }
    return NULL;
}

const weft_error *weft__params_check(void) {
    const weft_error *error = check_names();
    for (const weft__param *param = params; error == NULL && param != NULL; param = param->next)
        error = check_value(param);
    return error;
}
